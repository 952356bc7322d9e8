#include "crawl_arguments.hpp"

#include <charconv>
#include <chrono>
#include <map>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/loop/clock.hpp>

#include "client_security.hpp"
#include "command.hpp"
#include "graph_export.hpp"
#include "seeds.hpp"

namespace hocket::app {
namespace {

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
  if (arguments.options.max_duplicates != 0)
    throw failure("--refresh has not all contents at hand: it does not go with --max-duplicates", wrong_usage);
}

// What needs to know all hosts, or belongs to one loop.
void require_spreadable(const crawl_arguments& arguments) {
  const auto refuse = [](const char* option, const char* why) {
    throw failure(fmt::format("{} does not go with --loops: {}", option, why), wrong_usage);
  };
  if (!arguments.frontier.empty()) refuse("--frontier", "run more workers, or one loop");
  if (arguments.refresh) refuse("--refresh", "one loop has the earlier crawl");
  if (arguments.warc) refuse("--warc", "one loop has the archive");
  if (!arguments.session.cookies_file.empty()) refuse("--cookies", "one loop has them");
  if (arguments.options.per_address) refuse("--per-address", "no loop has all hosts of an address");
  if (arguments.options.max_duplicates != 0) refuse("--max-duplicates", "no loop knows all contents");
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

std::string is_lease(const std::string& text) {
  const auto seconds = number_in<double>(text);
  const bool fits = seconds && *seconds >= 0.5 && *seconds <= 3600;
  return fits ? "" : fmt::format("'{}' is not a number from 0.5 to 3600", text);
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

}  // namespace

void add_crawl_options(CLI::App& command, crawl_arguments& arguments) {
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
  command.add_option("--loops", arguments.loops, "threads, each with a loop and its own hosts; one more writes")
      ->type_name("N")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--per-host", arguments.per_host, "requests at once to one host; 8 on loopback, 1 elsewhere")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  command
      .add_option("--per-address", options.per_address,
                  "requests at once to all hosts at one address; any number if it is not given")
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
      command
          .add_option("--frontier", arguments.frontier,
                      "a folder to keep the crawl in, so that it can be resumed, or a Redis that workers share")
          ->type_name("DIR");
  command.add_flag("--refresh", arguments.refresh, "crawl again what is in --out, and tell what has changed");
  command.add_flag("--resume", arguments.resume, "go on with the crawl in --frontier")->needs(frontier);
  command
      .add_option("--lease", arguments.lease_seconds,
                  "seconds after which a worker of a shared crawl that says nothing loses its hosts to others")
      ->type_name("SECONDS")
      ->check(is_lease)
      ->capture_default_str()
      ->needs(frontier);
  command
      .add_option("--frontier-memory", arguments.frontier_memory,
                  "of Redis' memory, what URLs that wait may have; more of them wait in files of the workers")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(is_count_from(4096))
      ->default_str("1GiB")
      ->needs(frontier);
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

crawl::crawl_options options_of(const crawl_arguments& arguments) {
  crawl::crawl_options options = arguments.options;
  for (const std::string& text : arguments.urls) options.seeds.push_back(parse_seed(text, ""));
  if (!arguments.seeds_file.empty())
    for (url& seed : read_seeds(arguments.seeds_file)) options.seeds.push_back(std::move(seed));
  if (arguments.check.wanted) require_checkable(arguments);
  if (arguments.refresh) require_refreshable(arguments);
  if (arguments.loops > 1) require_spreadable(arguments);
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

crawl::element_options elements_of(const crawl_arguments& arguments) {
  return {.resources = arguments.elements == "all", .fragments = arguments.check_fragments};
}

progress_display::mode mode_of(const crawl_arguments& arguments) {
  if (arguments.quiet || arguments.progress == when::never) return progress_display::mode::never;
  const bool live = arguments.progress == when::always || ::isatty(STDERR_FILENO) == 1;
  return live ? progress_display::mode::live : progress_display::mode::plain;
}

}  // namespace hocket::app
