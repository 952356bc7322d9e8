// hocket crawl: follows links and writes what it finds.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/run.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/crawl/summary.hpp>
#include <hocket/crawl/warc/warc_archive.hpp>
#include <hocket/crawl/warc/warc_pipeline.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/loop/system_wall_clock.hpp>
#ifdef HOCKET_HAS_ROCKSDB
#include <hocket/crawl_rocksdb/rocksdb_frontier.hpp>
#endif

#include "check.hpp"
#include "client_security.hpp"
#include "command.hpp"
#include "crawl_progress.hpp"
#include "crawl_session.hpp"
#include "crawl_settings.hpp"
#include "crawl_watch.hpp"
#include "earlier_crawl.hpp"
#include "graph_export.hpp"
#include "name_resolver.hpp"
#include "refresh.hpp"
#include "report_file.hpp"
#include "seeds.hpp"
#include "shell_word.hpp"

namespace hocket::app {
namespace {

enum class when { automatic, always, never };

struct crawl_arguments {
  std::vector<std::string> urls;
  std::string seeds_file;
  std::string out = "out";
  std::string authorities_file;
  bool insecure = false;
  bool ignore_robots = false;
  std::string frontier;
  bool resume = false;
  resolver_arguments resolver;
  crawl_session_arguments session;
  crawl::crawl_options options;
  std::optional<unsigned> depth;
  given_settings given;
  std::optional<std::uint64_t> max_pages;
  double timeout_seconds = 30;
  std::optional<std::size_t> per_host;
  std::optional<double> delay_seconds;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<std::string> first;
  std::vector<std::string> last;
  when progress = when::automatic;
  std::string graph_format;
  bool report = false;
  bool warc = false;
  std::uint64_t warc_file_bytes = std::uint64_t{1} << 30;
  std::string elements = "links";
  bool check_fragments = false;
  watch_arguments watch;
  check_arguments check;
  bool has_out = false;  // it was given
  bool refresh = false;
  std::string aside;  // where the files are written until they take their place in `out`; empty: there
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

progress_display::mode mode_of(const crawl_arguments& arguments) {
  if (arguments.quiet || arguments.progress == when::never) return progress_display::mode::never;
  const bool live = arguments.progress == when::always || ::isatty(STDERR_FILENO) == 1;
  return live ? progress_display::mode::live : progress_display::mode::plain;
}

std::vector<crawl::url_pattern> patterns_of(const std::vector<std::string>& texts, const char* option) {
  std::vector<crawl::url_pattern> patterns;
  try {
    for (const std::string& text : texts) patterns.emplace_back(text);
  } catch (const error& problem) {
    throw failure(fmt::format("{}: {}", option, problem.what()), wrong_usage);
  }
  return patterns;
}

void require_checkable(const crawl_arguments& arguments) {
  if (arguments.json) throw failure("--check prints JSON by --format json, not by --json", wrong_usage);
  const bool keeps =
      !arguments.frontier.empty() || arguments.report || !arguments.graph_format.empty() || arguments.warc;
  if (!arguments.has_out && keeps)
    throw failure(
        "--check keeps no files unless it is given --out DIR: --frontier, --graph, --report and --warc need it",
        wrong_usage);
  require_readable_lists(arguments.check);
}

// Resuming would need the state of both crawls; of a page that is not sent nobody knows whether it is a duplicate.
void require_refreshable(const crawl_arguments& arguments) {
  if (!arguments.frontier.empty())
    throw failure("--refresh begins anew, and what it has not finished it gives up: it does not go with --frontier",
                  wrong_usage);
  if (arguments.warc)
    throw failure("--refresh is not sent what has not changed, so no archive would have it: it does not go with --warc",
                  wrong_usage);
  if (arguments.options.max_duplicates != 0)
    throw failure("--refresh has not all contents at hand: it does not go with --max-duplicates", wrong_usage);
}

crawl::crawl_options options_of(const crawl_arguments& arguments) {
  crawl::crawl_options options = arguments.options;
  for (const std::string& text : arguments.urls) options.seeds.push_back(parse_seed(text, ""));
  if (!arguments.seeds_file.empty())
    for (url& seed : read_seeds(arguments.seeds_file)) options.seeds.push_back(std::move(seed));
  if (arguments.check.wanted) require_checkable(arguments);
  if (arguments.refresh) require_refreshable(arguments);
  if (options.seeds.empty() && !arguments.resume)
    throw failure("nothing to crawl: give a URL or --seeds FILE (see --help)", wrong_usage);
  options.depth = arguments.depth;
  if (options.depth && options.order == crawl::crawl_order::depth_first)
    throw failure("--order depth does not go with --depth, which needs the least depth of each page", wrong_usage);
  options.per_host = arguments.per_host;
  if (arguments.delay_seconds)
    options.host_delay = std::chrono::duration_cast<duration>(std::chrono::duration<double>(*arguments.delay_seconds));
  options.include = patterns_of(arguments.include, "--include");
  options.exclude = patterns_of(arguments.exclude, "--exclude");
  options.first = patterns_of(arguments.first, "--first");
  options.last = patterns_of(arguments.last, "--last");
  options.obey_robots = !arguments.ignore_robots;
  options.max_pages = arguments.max_pages;
  options.tls = client_security(arguments.authorities_file, arguments.insecure);
  options.timeout = std::chrono::duration_cast<duration>(std::chrono::duration<double>(arguments.timeout_seconds));
  return options;
}

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

void print_result(const crawl_arguments& arguments, const crawl::progress& result, bool was_interrupted) {
  if (arguments.json && arguments.refresh && !was_interrupted) return;  // the changes belong to it, and come yet
  if (arguments.json) return fmt::print("{}", crawl::summary_json(result));
  if (arguments.quiet) return;
  if (arguments.refresh && !was_interrupted && result.ok == 0) return;  // the files stay what they were
  if (was_interrupted && arguments.refresh)
    return fmt::print("interrupted: the files in '{}' are those of the earlier crawl\n", arguments.out);
  const double seconds = std::chrono::duration<double>(result.elapsed).count();
  fmt::print("{} {} ({} ok, {} failed), {} links in {:.2f} s -> {}/links.tsv, {}/pages.jsonl\n", grouped(result.pages),
             result.pages == 1 ? "page" : "pages", grouped(result.ok), grouped(result.failed), grouped(result.links),
             seconds, arguments.out, arguments.out);
  if (!was_interrupted) return;
  const auto left = result.skipped.find("interrupted");
  const std::string how = arguments.frontier.empty()
                              ? "crawling again begins anew"
                              : fmt::format("hocket crawl --resume --frontier {} --out {} goes on",
                                            shell_word(arguments.frontier), shell_word(arguments.out));
  fmt::print("interrupted: {} known URLs were not fetched; {}\n",
             grouped(left == result.skipped.end() ? 0 : left->second), how);
}

crawl::element_options elements_of(const crawl_arguments& arguments) {
  return {.resources = arguments.elements == "all", .fragments = arguments.check_fragments};
}

crawl::crawl_roles roles_of(const crawl_arguments& arguments) {
  const crawl::element_options wanted = elements_of(arguments);
  crawl::crawl_roles roles;
  if (wanted.any()) roles.spider = std::make_shared<crawl::link_spider>(wanted, arguments.options.user_agent);
  return roles;
}

const std::string& files_of(const crawl_arguments& arguments) {
  return arguments.aside.empty() ? arguments.out : arguments.aside;
}

/// Where a crawl leaves what it finds, and what it remembers by.
struct crawl_places {
  // What comes later refers to what comes before.
  std::unique_ptr<crawl::output> out{};
  std::unique_ptr<crawl::warc_archive> archive{};  // null: none is wanted
  std::unique_ptr<crawl::warc_pipeline> archived{};
  std::shared_ptr<crawl::frontier> frontier{};  // null: memory

  [[nodiscard]] crawl::pipeline& pipeline() noexcept {
    if (archived) return *archived;
    return *out;
  }
};

// After the output, whose lock says that nobody else writes into the directory.
coro<void> open_archive(const crawl_arguments& arguments, crawl_places& places) {
  if (!arguments.warc) co_return;
  crawl::warc_options options{.directory = arguments.out,
                              .file_bytes = arguments.warc_file_bytes,
                              .about = {{"software", "hocket " HOCKET_VERSION},
                                        {"format", "WARC File Format 1.1"},
                                        {"http-header-user-agent", arguments.options.user_agent},
                                        {"robots", arguments.ignore_robots ? "ignore" : "obey"}},
                              .wall_clock = system_wall_clock};
  places.archive = co_await crawl::warc_archive::open(std::move(options));
  places.archived = std::make_unique<crawl::warc_pipeline>(*places.archive, *places.out);
}

#ifdef HOCKET_HAS_ROCKSDB
crawl::rocksdb_frontier_options frontier_options_of(const crawl::crawl_options& options) {
  crawl::rocksdb_frontier_options made{.by_level = options.depth.has_value(), .order = options.order};
  made.of_host = std::max(made.of_host, 4 * options.concurrency);
  made.in_all = std::max(made.in_all, 4 * made.of_host);
  return made;
}

coro<crawl::output> open_output(std::string directory, const crawl::rocksdb_frontier& kept) {
  if (kept.position().empty()) co_return co_await crawl::output::open(std::move(directory));
  co_return co_await crawl::output::reopen(std::move(directory), kept.position());
}

bool lacks_lines(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const crawl::lines_missing&) {
    return true;
  } catch (...) {
    return false;
  }
}

// Resumed, the seeds and settings are those of the beginning, and seeds that are given besides.
coro<crawl_places> open_places(const crawl_arguments& arguments, crawl::crawl_options& options,
                               progress_display& display) {
  crawl_places places;
  if (arguments.frontier.empty()) {
    places.out = std::make_unique<crawl::output>(co_await crawl::output::open(files_of(arguments)));
    co_await open_archive(arguments, places);
    co_return places;
  }
  using mode = crawl::rocksdb_frontier::mode;
  if (arguments.resume)
    take_settings(co_await crawl::rocksdb_frontier::settings_of(arguments.frontier), arguments.given, options);
  auto kept = co_await crawl::rocksdb_frontier::open(arguments.frontier, arguments.resume ? mode::resume : mode::begin,
                                                     settings_of(options), frontier_options_of(options));
  for (const std::string& seed : kept->seeds()) options.seeds.push_back(parse_seed(seed, ""));
  auto out = co_await as_result(open_output(arguments.out, *kept));
  if (!out && lacks_lines(out.error())) {
    const std::uint64_t again = co_await kept->go_back();
    display.say(fmt::format("hocket crawl: '{}' lacks the lines of the last pages: {} are fetched again", arguments.out,
                            grouped(again)));
    out = co_await as_result(open_output(arguments.out, *kept));
  }
  if (!out) std::rethrow_exception(out.error());
  places.out = std::make_unique<crawl::output>(std::move(*out));
  co_await open_archive(arguments, places);
  kept->write_to(places.pipeline());
  places.frontier = std::move(kept);
  co_return places;
}
#else
coro<crawl_places> open_places(const crawl_arguments& arguments, crawl::crawl_options&, progress_display&) {
  if (!arguments.frontier.empty())
    throw failure("this hocket was built without RocksDB, and has no --frontier", wrong_usage);
  crawl_places places;
  places.out = std::make_unique<crawl::output>(co_await crawl::output::open(files_of(arguments)));
  co_await open_archive(arguments, places);
  co_return places;
}
#endif

/// What a check or a refresh has to do with a crawl.
struct crawl_company {
  std::shared_ptr<crawl::earlier_pages> earlier{};       // null: there are none
  std::unordered_map<std::string, std::string> traps{};  // see `checked_crawl`
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
  crawl_places places = co_await open_places(arguments, options, display);
  crawl::crawl_roles roles = roles_of(arguments);
  roles.frontier = std::move(places.frontier);
  roles.earlier = with.earlier;
  crawl::crawl_hooks hooks = hooks_of(arguments, display, first);
  if (arguments.verbose || arguments.watch.stats_port) count_pages(hooks, counted);
  watch->add_hooks(hooks);
  if (arguments.check.wanted) note_traps(hooks, with.traps);
  if (places.archive) hooks.record = [&archive = *places.archive] { return archive.record(); };
  crawl::crawler work(options, places.pipeline(), std::move(hooks), std::move(roles));
  watch->serve(work);
  task<void> showing = create_task(display.follow(work));
  bool was_interrupted = false;
  try {
    co_await finally(work.run(), [&]() -> coro<void> {
      showing.cancel();
      static_cast<void>(co_await as_result(showing));
      co_await watch->close();
      display.clear();
    });
  } catch (const cancelled&) {
    was_interrupted = true;
  }
  const crawl::progress result = work.progress();
  if (!arguments.check.wanted || was_interrupted) print_result(arguments, result, was_interrupted);
  if (was_interrupted) co_return interrupted;
  with.has_pages = result.ok > 0;
  if (with.has_pages || arguments.check.wanted) co_return done;
  throw failure("no page was fetched" + (first ? "; " + *first : ""), work_failed);
}

void print_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  fmt::print("{}", std::string(std::istreambuf_iterator<char>(file), {}));
}

void print_changes(const crawl_arguments& arguments, const graph::change_counts& counts, std::uint64_t not_sent) {
  if (arguments.json) return print_file(arguments.out + "/summary.json");
  if (arguments.quiet || arguments.check.wanted) return;
  const auto number = [](std::uint64_t count, const char* of) {
    return fmt::format("{} {}{}", grouped(count), of, count == 1 ? "" : "s");
  };
  const bool is_same = counts == graph::change_counts();
  const std::string what =
      is_same ? "nothing has changed"
              : fmt::format("since then: {} new, {} gone, {} changed; {} added, {} gone; {} broken, {} mended",
                            number(counts.fresh, "page"), grouped(counts.gone), grouped(counts.changed),
                            number(counts.links_added, "link"), grouped(counts.links_gone),
                            number(counts.broken, "URL"), grouped(counts.mended));
  fmt::print("{}; {} {} not sent again -> {}/changes.tsv\n", what, number(not_sent, "page"),
             not_sent == 1 ? "was" : "were", arguments.out);
}

coro<int> crawl_again(crawl_arguments arguments, crawl::crawl_options& options, crawl_company& with) {
  refreshed_folder folder(arguments.out);
  arguments.aside = folder.aside();
  const auto earlier = std::make_shared<earlier_crawl>(arguments.out, elements_of(arguments));
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

// What is made of the files when they are complete: as `hocket graph` and `hocket report` do it.
void write_graph_and_report(const crawl_arguments& arguments) {
  if (arguments.graph_format.empty() && !arguments.report && (!arguments.check_fragments || arguments.check.wanted))
    return;
  const graph::link_graph graph = read_graph(arguments.out);
  if (!arguments.graph_format.empty())
    export_graph(graph, arguments.graph_format, fmt::format("{}/graph.{}", arguments.out, arguments.graph_format));
  if (arguments.report) write_report({.directory = arguments.out}, graph);
  if (arguments.check_fragments && !arguments.quiet && !arguments.json && !arguments.check.wanted) {
    const auto broken = broken_fragments_of(graph, arguments.out, 0).value_or(graph::broken_fragments());
    fmt::print("{} of {} fragments name nothing on their page{}\n", grouped(broken.count), grouped(broken.checked),
               broken.count == 0 ? "" : fmt::format("; hocket graph {} lists them", arguments.out));
  }
}

// CLI11 lets "-5" and what is too large wrap around, NaN pass its ranges, and "3" stand for the last of the choices. A check
// gives the complaint, if there is one.

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

auto is_count_from(std::uint64_t least) {
  return [least](const std::string& text) -> std::string {
    const auto count = number_in<std::uint64_t>(text);
    return count && *count >= least ? "" : fmt::format("'{}' is not a whole number from {} on", text, least);
  };
}

std::string is_time_out(const std::string& text) {
  const auto seconds = number_in<double>(text);
  const bool fits = seconds && *seconds >= 0.001 && *seconds <= 86'400;
  return fits ? "" : fmt::format("'{}' is not a number from 0.001 to 86400", text);
}

std::string is_delay(const std::string& text) {
  const auto seconds = number_in<double>(text);
  const bool fits = seconds && *seconds >= 0 && *seconds <= 86'400;
  return fits ? "" : fmt::format("'{}' is not a number from 0 to 86400", text);
}

template <class Value>
std::vector<std::string> names_of(const std::map<std::string, Value>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) names.push_back(name);
  return names;
}

void add_options(CLI::App& command, crawl_arguments& arguments) {
  crawl::crawl_options& options = arguments.options;
  const std::map<std::string, when> whens{{"auto", when::automatic}, {"always", when::always}, {"never", when::never}};
  command.add_option("URL", arguments.urls, "where to begin");
  command.add_option("--seeds", arguments.seeds_file, "a file of such URLs, one a line")->type_name("FILE");
  command.add_option("--out", arguments.out, "the directory for links.tsv, pages.jsonl and summary.json")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--depth", arguments.depth, "links to follow from a seed at most; 0 fetches the seeds only")
      ->type_name("N");
  command.add_option("--max-pages", arguments.max_pages, "stop after so many pages")
      ->type_name("N")
      ->check(is_count_from(1));
  command.add_option("--scope", options.scope, "what to follow: the seeds' host, domain, prefix, or any")
      ->transform(CLI::Transformer(scope_choices()).description(""))
      ->transform(CLI::IsMember(names_of(scope_choices())).description(""))
      ->type_name("host|domain|prefix|any")
      ->default_str("host");
  command.add_option("--concurrency", options.concurrency, "requests at once")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.add_option("--per-host", arguments.per_host, "requests at once to one host; 8 on loopback, 1 elsewhere")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  command
      .add_option("--delay", arguments.delay_seconds,
                  "seconds between requests to one host; 0 on loopback, 1 elsewhere")
      ->type_name("SECONDS")
      ->check(is_delay);
  command.add_option("--order", options.order, "what comes first at a host: what was found first, or last")
      ->transform(CLI::Transformer(order_choices()).description(""))
      ->transform(CLI::IsMember(names_of(order_choices())).description(""))
      ->type_name("breadth|depth")
      ->default_str("breadth");
  command.add_option("--include", arguments.include, "follow only what matches")
      ->type_name("REGEX")
      ->allow_extra_args(false);
  command.add_option("--exclude", arguments.exclude, "follow nothing that matches")
      ->type_name("REGEX")
      ->allow_extra_args(false);
  command.add_option("--first", arguments.first, "ask a host for what matches before the rest")
      ->type_name("REGEX")
      ->allow_extra_args(false);
  command.add_option("--last", arguments.last, "ask a host for what matches after the rest")
      ->type_name("REGEX")
      ->allow_extra_args(false);
  command.add_option("--max-per-host", options.traps.pages_of_a_host, "follow no more links to one host")
      ->type_name("N")
      ->check(is_count_from(1));
  command
      .add_option("--max-duplicates", options.max_duplicates, "follow the links of so many pages of the same content")
      ->type_name("N")
      ->check(is_count_from(1));
  command.add_option("--timeout", arguments.timeout_seconds, "seconds for one page, redirects included")
      ->type_name("SECONDS")
      ->check(is_time_out)
      ->capture_default_str();
  command.add_option("--max-body", options.max_body_bytes, "bytes of a page to read at most")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(is_count_from(0))
      ->default_str("10MiB");
  command.add_option("--retries", options.retries, "times to try again after a broken connection, 429 or 503")
      ->type_name("N")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command.add_option("--user-agent", options.user_agent, "how to introduce itself")->capture_default_str();
  CLI::Option* frontier =
      command.add_option("--frontier", arguments.frontier, "a folder to keep the crawl in, so that it can be resumed")
          ->type_name("DIR");
  command.add_flag("--refresh", arguments.refresh, "crawl again what is in --out, and tell what has changed");
  command.add_flag("--resume", arguments.resume, "go on with the crawl in --frontier")->needs(frontier);
  command.add_flag("--ignore-robots", arguments.ignore_robots, "fetch what robots.txt disallows, too");
  command.add_flag("--sitemaps", options.sitemaps, "follow what the sitemaps of the hosts name, too");
  command.add_flag("--allow-private", options.allow_private,
                   "go to private and loopback addresses that no seed names, too");
  command.add_flag("--allow-downgrade", options.allow_downgrade, "follow redirects from https to http, too");
  CLI::Option* authorities =
      command
          .add_option("--cafile", arguments.authorities_file, "authorities to trust instead of the system's, in PEM")
          ->type_name("FILE");
  command.add_flag("--insecure", arguments.insecure, "take any certificate for good")->excludes(authorities);
  add_resolver_options(command, arguments.resolver);
  add_session_options(command, arguments.session);
  command.add_option("--progress", arguments.progress, "show how far it is")
      ->transform(CLI::Transformer(whens).description(""))
      ->transform(CLI::IsMember(names_of(whens)).description(""))
      ->type_name("auto|always|never")
      ->default_str("auto");
  command.add_option("--elements", arguments.elements, "what to take from pages: links, or resources.tsv, too")
      ->check(CLI::IsMember({"all", "links"}).description(""))
      ->type_name("links|all")
      ->capture_default_str();
  command.add_flag("--check-fragments", arguments.check_fragments, "look whether what comes behind # is there");
  command.add_option("--graph", arguments.graph_format, "write the graph of the links into the directory, too")
      ->check(CLI::IsMember(graph_formats()).description(""))
      ->type_name(fmt::format("{}", fmt::join(graph_formats(), "|")));
  command.add_flag("--report", arguments.report, "write report.html into the directory, too");
  add_check_options(command, arguments.check);
  CLI::Option* archive = command.add_flag("--warc", arguments.warc, "keep what was sent and received, in WARC files");
  command.add_option("--warc-size", arguments.warc_file_bytes, "begin another WARC file when one has so many bytes")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(is_count_from(1))
      ->default_str("1GiB")
      ->needs(archive);
  add_watch_options(command, arguments.watch);
  command.add_flag("--json", arguments.json, "print the summary as JSON");
  CLI::Option* quiet = command.add_flag("-q,--quiet", arguments.quiet, "print nothing but errors");
  command.add_flag("-v,--verbose", arguments.verbose, "print each page, and why a URL was not fetched")
      ->excludes(quiet);
}

}  // namespace

void add_crawl(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<crawl_arguments>();
  CLI::App* command = program.add_subcommand("crawl", "Follow links from URLs and write the link graph");
  add_options(*command, *arguments);
  command->callback([arguments, command, &chosen] {
    arguments->has_out = command->count("--out") > 0;
    arguments->given = {.scope = command->count("--scope") > 0,
                        .depth = arguments->depth.has_value(),
                        .order = command->count("--order") > 0};
    chosen = [arguments] {
      raise_open_files_limit();
      const int code = run(crawl_in_order(*arguments, options_of(*arguments)));
      if (code != interrupted || !arguments->refresh) write_graph_and_report(*arguments);
      return code;
    };
  });
}

}  // namespace hocket::app
