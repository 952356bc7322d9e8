// hocket crawl --check: when the crawl has ended, its files tell what became of the pages. What they refer to besides (links that lead out of
// scope, images) is asked for here; then all that refers to something broken is gathered, by URL.

#include "check.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/scope.hpp>
#include <hocket/graph/crawl_files.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/loop/system_wall_clock.hpp>

#include "check_formats.hpp"
#include "check_lists.hpp"
#include "check_progress.hpp"
#include "command.hpp"
#include "graph_export.hpp"
#include "link_states.hpp"

namespace hocket::app {
namespace {

constexpr std::size_t most_missing_places = 100'000;

/// What a form sends to is not asked for: it expects a form.
bool is_checked(const graph::resource_row& row) { return row.kind != "form"; }

/// Decides which of the URLs that the crawl has not fetched are asked for, and counts the others.
class selection {
 public:
  selection(const check_arguments& arguments, const checked_crawl& crawl, const link_cache& cache)
      : arguments_(arguments), crawl_(crawl), cache_(cache), inside_(crawl.options.scope, crawl.options.seeds) {}

  void consider(std::string_view text, check_result& result) {
    auto parsed = url::parse(text);
    if (!parsed) return;
    const std::string_view reason = reason_against(*parsed);
    if (!reason.empty()) {
      ++result.unchecked[std::string(reason)];
    } else if (cache_.was_good(parsed->href())) {
      ++result.cached;
    } else {
      links_.push_back(std::move(*parsed));
    }
  }
  [[nodiscard]] bool is_inside(const url& where) const { return inside_.contains(where); }
  [[nodiscard]] std::vector<url> take() { return std::move(links_); }

 private:
  [[nodiscard]] std::string_view reason_against(const url& where) const {
    const auto matches = [&where](const crawl::url_pattern& each) { return each.matches(where); };
    if (std::ranges::any_of(crawl_.options.exclude, matches)) return "excluded";
    if (arguments_.no_external && !inside_.contains(where)) return "external";
    const auto trap = crawl_.traps.find(where.href());
    return trap != crawl_.traps.end() ? std::string_view(trap->second) : "";
  }

  const check_arguments& arguments_;
  const checked_crawl& crawl_;
  const link_cache& cache_;
  crawl::scope inside_;
  std::vector<url> links_;
};

/// What refers to something broken, by what it refers to.
class broken_collection {
 public:
  void add(std::string url, const link_failure& why, std::string_view page) {
    const auto [place, is_new] = broken_.try_emplace(std::move(url));
    broken_link& link = place->second;
    if (is_new) link = {.url = place->first, .status = why.status, .error = why.error};
    if (page.empty()) return;
    ++link.references;
    const auto where = std::ranges::lower_bound(link.pages, page);
    if (where != link.pages.end() && *where == page) return;
    link.pages.emplace(where, page);
    if (link.pages.size() > most_pages_of_a_link) link.pages.pop_back();
  }
  [[nodiscard]] std::vector<broken_link> take() {
    std::vector<broken_link> sorted;
    for (auto& [url, link] : broken_) sorted.push_back(std::move(link));
    return sorted;
  }

 private:
  std::map<std::string, broken_link> broken_;
};

std::string line_of(const url& link, const crawl::link_verdict& verdict) {
  const std::string what = !verdict.not_checked.empty() ? fmt::format("not checked: {}", verdict.not_checked)
                           : verdict.error.empty()      ? std::to_string(verdict.status)
                                                        : verdict.error;
  return fmt::format("checked {}: {}", link.href(), what);
}

/// One check, from the crawl's files to what is broken.
class link_check {
 public:
  link_check(const check_arguments& arguments, checked_crawl crawl)
      : arguments_(arguments),
        crawl_(std::move(crawl)),
        graph_(read_graph(crawl_.directory)),
        states_(graph_),
        cache_(arguments.cache.empty()
                   ? link_cache()
                   : link_cache::read(arguments.cache, std::chrono::seconds(arguments.cache_age_seconds),
                                      system_wall_clock())) {}

  coro<check_result> run() {
    result_.pages = graph_.pages();
    co_await finally(ask(), [this]() -> coro<void> {  // what was asked for before Ctrl-C, too
      if (!arguments_.cache.empty()) cache_.write(arguments_.cache);
      co_return;
    });
    broken_collection broken;
    gather_links(broken);
    gather_resources(broken);
    gather_fragments(broken);
    result_.broken = broken.take();
    co_return std::move(result_);
  }

 private:
  coro<void> ask() {
    selection chosen(arguments_, crawl_, cache_);
    for (graph::node each = 0; each < graph_.size(); ++each)
      if (states_.is_unknown(each)) chosen.consider(graph_.url(each), result_);
    consider_resources(chosen);
    std::vector<url> links = chosen.take();
    if (links.empty()) co_return;
    if (!crawl_.quiet) fmt::print(stderr, "hocket crawl: asking for {} more URLs\n", grouped(links.size()));
    check_progress shown(crawl_.progress, links.size());
    using redirects = crawl::checked_redirects;
    crawl::link_checker checker(crawl_.options, {}, arguments_.no_external ? redirects::in_scope : redirects::all);
    checker.leave_alone(crawl_.resting);
    const auto tell = [this, &chosen, &shown](const url& link, const crawl::link_verdict& verdict) {
      shown.count(!verdict.error.empty());
      if (crawl_.verbose) shown.say(line_of(link, verdict));
      note(link, verdict, !chosen.is_inside(link));
    };
    task<void> showing = create_task(shown.follow());
    co_await finally(checker.check(std::move(links), tell), [&]() -> coro<void> {
      showing.cancel();
      static_cast<void>(co_await as_result(showing));
      shown.clear();
    });
  }

  void consider_resources(selection& chosen) {
    std::unordered_set<std::string> seen;
    graph::resources_reader rows(crawl_.directory);
    while (const auto row = rows.next())
      if (is_checked(*row) && !graph_.find(row->target) && seen.emplace(row->target).second)
        chosen.consider(row->target, result_);
  }

  void note(const url& link, const crawl::link_verdict& verdict, bool is_external) {
    if (!verdict.not_checked.empty())
      ++result_.unchecked[std::string(verdict.not_checked)];
    else
      ++result_.asked;
    states_.tell(link.href(), verdict);
    if (is_external && verdict.error.empty() && verdict.not_checked.empty()) cache_.note_good(link.href());
  }

  void gather_links(broken_collection& broken) {
    std::vector<bool> fails(graph_.size());
    for (graph::node each = 0; each < graph_.size(); ++each) {
      const auto failure = states_.failure_of(each);
      fails[each] = failure.has_value();
      const graph::page& what = graph_.page_of(each);
      if (failure && what.is_listed && what.depth == 0) broken.add(std::string(graph_.url(each)), *failure, "");
    }
    for (graph::node page = 0; page < graph_.size(); ++page)
      for (const graph::node target : graph_.links_from(page))
        if (fails[target]) broken.add(std::string(graph_.url(target)), *states_.failure_of(target), graph_.url(page));
  }

  void gather_resources(broken_collection& broken) {
    graph::resources_reader rows(crawl_.directory);
    while (const auto row = rows.next())
      if (const auto failure = is_checked(*row) ? states_.failure_of(row->target) : std::nullopt)
        broken.add(std::string(row->target), *failure, row->source);
  }

  void gather_fragments(broken_collection& broken) {
    const auto found = broken_fragments_of(graph_, crawl_.directory, most_missing_places);
    if (!found) return;
    for (const graph::broken_fragment& each : found->first)
      broken.add(fmt::format("{}#{}", graph_.url(each.target), each.fragment),
                 {graph_.page_of(each.target).status, "there is no such place on the page"}, graph_.url(each.page));
  }

  const check_arguments& arguments_;
  checked_crawl crawl_;
  graph::link_graph graph_;
  link_states states_;
  link_cache cache_;
  check_result result_;
};

void accept_known(const check_arguments& arguments, bool is_quiet, check_result& result) {
  if (arguments.baseline.empty()) return;
  const std::size_t stale = baseline::read(arguments.baseline).accept(result);
  if (stale > 0 && !is_quiet)
    fmt::print(stderr,
               "hocket crawl: {} of the URLs in '{}' are not broken any more; --write-baseline takes them out\n", stale,
               arguments.baseline);
}

}  // namespace

void add_check_options(CLI::App& command, check_arguments& arguments) {
  CLI::Option* check = command.add_flag("--check", arguments.wanted, "check each link, and list what is broken");
  command.add_option("--format", arguments.format, "how to print what is broken")
      ->check(CLI::IsMember(check_formats()).description(""))
      ->type_name(fmt::format("{}", fmt::join(check_formats(), "|")))
      ->capture_default_str()
      ->needs(check);
  CLI::Option* baseline = command.add_option("--baseline", arguments.baseline, "broken links to accept, a URL a line")
                              ->type_name("FILE")
                              ->needs(check);
  command.add_flag("--write-baseline", arguments.write_baseline, "write what is broken now to --baseline")
      ->needs(baseline);
  CLI::Option* cache =
      command
          .add_option("--cache", arguments.cache, "remember good links to elsewhere in this file, and do not ask again")
          ->type_name("FILE")
          ->needs(check);
  const std::map<std::string, std::uint64_t> units{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}, {"w", 604'800}};
  command.add_option("--cache-age", arguments.cache_age_seconds, "for how long: 90s, 12h, 1d")
      ->type_name("AGE")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE))
      ->default_str("1d")
      ->needs(cache);
  command.add_flag("--no-external", arguments.no_external, "leave out links that lead out of scope")->needs(check);
}

void require_readable_lists(const check_arguments& arguments) {
  if (!arguments.baseline.empty() && !arguments.write_baseline) static_cast<void>(baseline::read(arguments.baseline));
  if (!arguments.cache.empty()) static_cast<void>(link_cache::read(arguments.cache, {}, {}));
}

bool is_trap(std::string_view reason) noexcept {
  constexpr std::string_view others[] = {"scope",     "excluded", "depth",  "nofollow",        "duplicate",
                                         "downgrade", "limit",    "robots", "private_address", "interrupted"};
  return std::ranges::find(others, reason) == std::end(others);
}

coro<int> check_links(const check_arguments& arguments, checked_crawl crawl) {
  const bool is_quiet = crawl.quiet;
  const time_point begun = crawl.begun;
  link_check work(arguments, std::move(crawl));
  check_result result = co_await work.run();
  result.seconds = std::chrono::duration<double>(loop::running().time() - begun).count();
  if (arguments.write_baseline) {
    baseline::write(arguments.baseline, result);
    if (!is_quiet)
      fmt::print("{} broken URLs are accepted from now on: '{}'\n", result.broken.size(), arguments.baseline);
    co_return done;
  }
  accept_known(arguments, is_quiet, result);
  fmt::print("{}", formatted(result, arguments.format));
  co_return result.failures() == 0 ? done : work_failed;
}

}  // namespace hocket::app
