#include "shared_crawl.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <hocket/crawl_redis/redis_frontier.hpp>
#include <hocket/redis/client_options.hpp>

#include "command.hpp"
#include "crawl_settings.hpp"
#include "seeds.hpp"

namespace hocket::app {
namespace {

std::string made_up_worker() {
  char machine[64] = {};
  static_cast<void>(::gethostname(machine, sizeof machine - 1));
  std::string id = fmt::format("{}-{}-{:08x}", machine, ::getpid(), std::random_device()());
  std::ranges::replace_if(id, [](char each) { return each == ':' || each == ' ' || each == '/'; }, '-');
  return id;
}

void add_patterns(std::string& to, const char* option, const std::vector<std::string>& patterns) {
  for (const std::string& each : patterns) fmt::format_to(std::back_inserter(to), "{} {}\n", option, each);
}

// A line for each, as they are given: all that would make another crawl of it.
std::string lines_of(const crawl_arguments& arguments, const crawl::crawl_options& options) {
  std::string lines;
  std::istringstream words(settings_of(options));
  for (std::string name, value; words >> name >> value;)
    fmt::format_to(std::back_inserter(lines), "{} {}\n", name, value);
  add_patterns(lines, "--include", arguments.include);
  add_patterns(lines, "--exclude", arguments.exclude);
  if (arguments.ignore_robots) lines += "--ignore-robots\n";
  if (options.sitemaps) lines += "--sitemaps\n";
  if (options.traps.pages_of_a_host != crawl::trap_limits().pages_of_a_host)
    fmt::format_to(std::back_inserter(lines), "--max-per-host {}\n", options.traps.pages_of_a_host);
  if (arguments.max_pages) fmt::format_to(std::back_inserter(lines), "--max-pages {}\n", *arguments.max_pages);
  std::vector<std::string> seeds;
  for (const url& each : options.seeds) seeds.push_back(each.without_fragment().href());
  std::ranges::sort(seeds);
  add_patterns(lines, "URL", seeds);
  return lines;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

// One line that says where they part.
std::string difference(const std::string& theirs, const std::string& ours) {
  std::vector<std::string> there = split(theirs);
  std::vector<std::string> here = split(ours);
  const auto [a, b] = std::ranges::mismatch(there, here);
  const auto named = [](auto at, auto end) { return at == end ? std::string("nothing more") : "'" + *at + "'"; };
  return fmt::format("it has {} where this one has {}", named(a, there.end()), named(b, here.end()));
}

crawl::redis_frontier_options frontier_options_of(const crawl_arguments& arguments,
                                                  const crawl::crawl_options& options) {
  crawl::redis_frontier_options made{.worker = arguments.worker,
                                     .by_level = options.depth.has_value(),
                                     .max_pages = arguments.max_pages,
                                     .queue_memory = arguments.frontier_memory,
                                     .parts = arguments.parts};
  try {
    made.client = redis::options_from_url(arguments.frontier);
  } catch (const std::invalid_argument& problem) {
    throw failure(fmt::format("--frontier: {}", problem.what()), wrong_usage);
  }
  made.client.client_name = "hocket-" + arguments.worker;
  made.lease = std::chrono::duration_cast<duration>(std::chrono::duration<double>(arguments.lease_seconds));
  made.handover = options.host_delay.value_or(made.handover);
  made.of_host = std::max(made.of_host, 2 * options.concurrency);
  made.in_all = std::max(made.in_all, 8 * made.of_host);
  return made;
}

// As a resumed crawl has it: the lines that say what is crawled.
void take_lines(const std::string& kept, crawl_arguments& arguments, crawl::crawl_options& options) {
  std::string words;
  for (const std::string& line : split(kept)) {
    const std::string_view text = line;
    const auto value = std::string(text.substr(std::min(text.size(), text.find(' ') + 1)));
    if (text.starts_with("URL ")) options.seeds.push_back(parse_seed(value, ""));
    if (text.starts_with("--include ")) arguments.include.push_back(value), options.include.emplace_back(value);
    if (text.starts_with("--exclude ")) arguments.exclude.push_back(value), options.exclude.emplace_back(value);
    if (text == "--ignore-robots") arguments.ignore_robots = true, options.obey_robots = false;
    if (text == "--sitemaps") options.sitemaps = true;
    if (text.starts_with("--max-per-host ")) options.traps.pages_of_a_host = std::stoull(value);
    if (text.starts_with("--max-pages ")) arguments.max_pages = std::stoull(value);
    if (text.starts_with("--scope ") || text.starts_with("--depth ")) words += line + " ";
  }
  take_settings(words, arguments.given, options);
}

}  // namespace

bool is_shared(const std::string& frontier) {
  return std::ranges::any_of(std::vector<std::string_view>{"redis://", "rediss://", "unix://"},
                             [&](std::string_view scheme) { return frontier.starts_with(scheme); });
}

std::string shown_frontier(const std::string& frontier) {
  const std::size_t begin = frontier.find("://") + 3;
  const std::size_t at = frontier.substr(0, frontier.find('/', begin)).rfind('@');
  return at == std::string::npos ? frontier : frontier.substr(0, begin) + frontier.substr(at + 1);
}

void prepare_shared(crawl_arguments& arguments) {
  const auto refuse = [](const char* option, const char* why) {
    throw failure(fmt::format("{} does not go with a frontier that is shared: {}", option, why), wrong_usage);
  };
  if (arguments.check.wanted) refuse("--check", "no worker has all pages");
  if (arguments.options.max_duplicates != 0) refuse("--max-duplicates", "no worker knows all contents");
  if (arguments.options.order == crawl::crawl_order::depth_first)
    refuse("--order depth", "what is found waits in line");
  if (!arguments.graph_format.empty() || arguments.report)
    refuse(arguments.report ? "--report" : "--graph", "make it of what 'hocket crawl merge' makes of the parts");
  arguments.worker = made_up_worker();
  arguments.parts = arguments.out;
  arguments.out += "/part-" + arguments.worker;
}

coro<void> join_shared(const crawl_arguments& given, crawl::crawl_options& options, crawl_places& places) {
  crawl_arguments arguments = given;
  const crawl::redis_frontier_options how = frontier_options_of(arguments, options);
  if (arguments.resume && options.seeds.empty()) {
    const std::string kept = co_await crawl::redis_frontier::settings_of(how);
    if (kept.empty())
      throw failure(fmt::format("there is no crawl to resume in '{}'", shown_frontier(arguments.frontier)),
                    wrong_usage);
    take_lines(kept, arguments, options);
  }
  const std::string ours = lines_of(arguments, options);
  std::string theirs;
  crawl::redis_frontier_options final_how = frontier_options_of(arguments, options);
  try {
    places.shared = co_await crawl::redis_frontier::join(std::move(final_how), ours);
  } catch (const crawl::other_settings& other) {
    theirs = other.what();
  }
  if (!places.shared)
    throw failure(
        fmt::format("another crawl is in '{}': {}", shown_frontier(arguments.frontier), difference(theirs, ours)),
        wrong_usage);
  options.max_pages.reset();  // all workers count together
  places.shared->write_to(places.pipeline());
  places.frontier = places.shared;
}

}  // namespace hocket::app
