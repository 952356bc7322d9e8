// hocket crawl: follows links and writes what it finds.

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/spider.hpp>
#include <hocket/crawl/spread_crawler.hpp>
#include <hocket/crawl/stats/crawl_stats.hpp>
#include <hocket/io/temporary.hpp>

#include "client_security.hpp"
#include "command.hpp"
#include "crawl_arguments.hpp"
#include "crawl_places.hpp"
#include "crawl_result.hpp"
#include "earlier_crawl.hpp"
#include "refresh.hpp"
#include "shared_commands.hpp"
#include "shared_crawl.hpp"

namespace hocket::app {
namespace {

/// What was wrong with the first page that failed, or what nobody was shown besides.
using first_failure = std::optional<std::string>;

crawl::crawl_hooks hooks_of(const crawl_arguments& arguments, progress_display& display, first_failure& first) {
  crawl::crawl_hooks hooks;
  hooks.on_page = [&first](const crawl::page_record& page) {
    if (!first && !page.error.empty()) first = fmt::format("{}: {}", page.url, page.error);
  };
  if (arguments.quiet)
    hooks.on_note = [&first](const std::string& note) { first = first.value_or(note); };
  else
    hooks.on_note = [&display](const std::string& note) { display.say("hocket crawl: " + note); };
  if (!arguments.quiet)
    hooks.on_stopping = [&display](std::size_t pages) {
      display.say(fmt::format("hocket crawl: stopping: {} pages are under way; Ctrl-C again ends at once", pages));
    };
  if (!arguments.verbose) return hooks;
  hooks.on_page = [&display, note_first = hooks.on_page](const crawl::page_record& page) {
    note_first(page);
    display.say(page.error.empty()
                    ? fmt::format("{} {} ({} links, {} ms)", page.status, page.url, page.links, page.milliseconds)
                    : fmt::format("failed {}: {}", page.url, page.error));
  };
  hooks.on_skip = [&display](std::string_view url, std::string_view reason) {
    display.say(fmt::format("skipped {}: {}", url, reason));
  };
  return hooks;
}

crawl::crawl_roles roles_of(const crawl_arguments& arguments) {
  const crawl::element_options wanted = elements_of(arguments);
  crawl::crawl_roles roles;
  if (wanted.any()) roles.spider = std::make_shared<crawl::link_spider>(wanted, arguments.options.user_agent);
  return roles;
}

/// What each of several loops has for itself. The file of cookies and the like are refused with several.
crawl::equipment equipment_of(const crawl_arguments& arguments) {
  return [&arguments](std::size_t, crawl::crawl_options& options, crawl::crawl_roles& roles) {
    options.tls = client_security(arguments.authorities_file, arguments.insecure);
    options.resolver = make_resolver(arguments.resolver);
    roles.spider = roles_of(arguments).spider;
  };
}

/// What a check or a refresh has to do with a crawl.
struct crawl_company {
  std::shared_ptr<earlier_crawl> earlier{};              // null: there is none
  std::unordered_map<std::string, std::string> traps{};  // see `checked_crawl`
  std::vector<crawl::resting_host> resting{};            // see `checked_crawl`
  bool has_pages = false;                                // that were fetched: known at the end
};

/// Adds what a check wants to know of the crawl.
void note_traps(crawl::crawl_hooks& hooks, std::unordered_map<std::string, std::string>& traps) {
  hooks.on_skip = [&traps, also = std::move(hooks.on_skip)](std::string_view url, std::string_view reason) {
    if (is_trap(reason)) traps.emplace(url, reason);
    if (also) also(url, reason);
  };
}

void count_pages(crawl::crawl_hooks& hooks, crawl::crawl_stats& counted) {
  hooks.on_page = [&counted, also = std::move(hooks.on_page)](const crawl::page_record& page) {
    counted.add(page);
    also(page);
  };
}

std::unique_ptr<crawl::engine> make_engine(const crawl_arguments& arguments, const crawl::crawl_options& options,
                                           crawl::pipeline& out, crawl::crawl_hooks hooks, crawl::crawl_roles roles) {
  if (arguments.loops == 1) return std::make_unique<crawl::crawler>(options, out, std::move(hooks), std::move(roles));
  return std::make_unique<crawl::spread_crawler>(arguments.loops, options, out, std::move(hooks),
                                                 equipment_of(arguments));
}

/// `options`: a crawl that is resumed adds what it has kept of them.
coro<int> crawl_and_report(const crawl_arguments& arguments, crawl::crawl_options& options, crawl_company& with) {
  crawl::crawl_stats counted(loop::running().random()());
  progress_display display(mode_of(arguments), arguments.verbose ? &counted : nullptr);
  first_failure first;
  options.resolver = make_resolver(arguments.resolver);
  co_await apply(arguments.session, options);
  if (arguments.insecure && !arguments.quiet)
    display.say("hocket crawl: certificates are not checked (--insecure): any server may pass itself off as another");
  const auto watch = co_await crawl_watch::open(arguments.watch, counted, [&](const std::string& line) {
    if (!arguments.quiet) display.say("hocket crawl: " + line);
  });
  crawl_places places = co_await open_places(arguments, with.earlier.get(), options, display);
  crawl::crawl_roles roles = roles_of(arguments);
  roles.frontier = std::move(places.frontier);
  roles.earlier = with.earlier;
  crawl::crawl_hooks hooks = hooks_of(arguments, display, first);
  if (arguments.verbose || arguments.watch.stats_port) count_pages(hooks, counted);
  watch->add_hooks(hooks);
  if (arguments.check.wanted) note_traps(hooks, with.traps);
  if (places.archive) hooks.record = [&archive = *places.archive] { return archive.record(); };
  const std::unique_ptr<crawl::engine> engine =
      make_engine(arguments, options, places.pipeline(), std::move(hooks), std::move(roles));
  crawl::engine& work = *engine;
  watch->serve(work);
  task<void> showing = create_task(display.follow(work));
  bool was_interrupted = false;
  try {
    co_await finally(work.run(), [&]() -> coro<void> {
      showing.cancel();
      static_cast<void>(co_await as_result(showing));
      co_await watch->close();
      if (places.shared) co_await places.shared->leave();
      display.clear();
    });
  } catch (const cancelled&) {
    was_interrupted = true;
  }
  const crawl::progress result = work.progress();
  with.resting = work.resting();
  if (!arguments.check.wanted || was_interrupted) print_result(arguments, result, was_interrupted, with.resting);
  if (was_interrupted) co_return interrupted;
  with.has_pages = result.ok > 0;
  if (with.has_pages || arguments.check.wanted || (places.shared && places.shared->is_over())) co_return done;
  throw failure("no page was fetched" + (first ? "; " + *first : ""), work_failed);
}

coro<int> crawl_again(crawl_arguments arguments, crawl::crawl_options& options, crawl_company& with) {
  refreshed_folder folder(arguments.out);
  arguments.aside = folder.aside();
  const auto earlier = std::make_shared<earlier_crawl>(arguments.out, elements_of(arguments), arguments.warc);
  with.earlier = earlier;
  if (!earlier->suffices() && !arguments.quiet)
    fmt::print(stderr, "hocket crawl: the earlier crawl has looked for less on its pages: all are read again\n");
  const int code = co_await crawl_and_report(arguments, options, with);
  if (code == done && with.has_pages)
    print_changes(arguments, folder.exchange(earlier->recalled()), earlier->recalled());
  co_return code;
}

coro<int> crawl_or_crawl_again(const crawl_arguments& arguments, crawl::crawl_options& options, crawl_company& with) {
  if (arguments.refresh) co_return co_await crawl_again(arguments, options, with);
  co_return co_await crawl_and_report(arguments, options, with);
}

// Without --out the crawl's files are nobody's, and go when all is told.
coro<int> crawl_and_check(crawl_arguments arguments, crawl::crawl_options options) {
  std::optional<temporary_directory> folder;
  if (!arguments.has_out) arguments.out = folder.emplace(co_await temporary_directory::make()).path();
  checked_crawl crawl{.directory = arguments.out,
                      .options = std::move(options),
                      .progress = mode_of(arguments),
                      .quiet = arguments.quiet,
                      .verbose = arguments.verbose,
                      .begun = loop::running().time()};
  crawl_company with;
  const int code = co_await crawl_or_crawl_again(arguments, crawl.options, with);
  if (code != done) co_return code;
  if (arguments.refresh && !with.has_pages) throw failure("no page was fetched: the earlier files stay", work_failed);
  crawl.traps = std::move(with.traps);
  crawl.resting = std::move(with.resting);
  crawl.options.resolver = make_resolver(arguments.resolver);
  co_await apply(arguments.session, crawl.options);
  try {
    co_return co_await check_links(arguments.check, std::move(crawl));
  } catch (const cancelled&) {
    co_return interrupted;
  }
}

coro<int> crawl_in_order(const crawl_arguments& arguments, crawl::crawl_options options) {
  const sigterm_guard ends_in_order;
  if (arguments.check.wanted) co_return co_await crawl_and_check(arguments, std::move(options));
  crawl_company alone;
  co_return co_await crawl_or_crawl_again(arguments, options, alone);
}

}  // namespace

void add_crawl(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<crawl_arguments>();
  CLI::App* command = program.add_subcommand("crawl", "Follow links from URLs and write the link graph");
  add_crawl_options(*command, *arguments);
  add_shared_commands(*command, chosen);
  command->callback([arguments, command, &chosen] {
    if (!command->get_subcommands().empty()) return;
    arguments->has_out = command->count("--out") > 0;
    arguments->given = {.scope = command->count("--scope") > 0,
                        .depth = arguments->depth.has_value(),
                        .order = command->count("--order") > 0};
    chosen = [arguments] {
      raise_open_files_limit();
      if (is_shared(arguments->frontier)) prepare_shared(*arguments);
      const int code = run(crawl_in_order(*arguments, options_of(*arguments)));
      if (code != interrupted || !arguments->refresh) write_graph_and_report(*arguments);
      return code;
    };
  });
}

}  // namespace hocket::app
