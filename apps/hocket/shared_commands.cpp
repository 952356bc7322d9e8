#include "shared_commands.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/grouped.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl_redis/crawl_control.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/redis/client_options.hpp>

#include "crawl_status.hpp"
#include "live_lines.hpp"
#include "merge.hpp"
#include "shared_crawl.hpp"

namespace hocket::app {
namespace {

constexpr auto between_looks = std::chrono::seconds(1);

int merge(const std::string& out, const std::vector<std::string>& parts) {
  const merged_crawl result = merge_parts(out, parts);
  fmt::print("{} pages, {} links of {} parts -> {}/links.tsv, {}/pages.jsonl\n", grouped(result.pages),
             grouped(result.links), result.parts, out, out);
  if (result.left_out > 0)
    fmt::print("{} records are left out: other workers had these pages by then\n", grouped(result.left_out));
  if (result.unfinished > 0)
    fmt::print(stderr, "hocket crawl: {} of the workers did not come to their ends: what they skipped is not counted\n",
               result.unfinished);
  return done;
}

crawl::crawl_control control_of(const std::string& frontier) {
  if (!is_shared(frontier)) throw failure(fmt::format("'{}' is no Redis: redis://host/0", frontier), wrong_usage);
  try {
    auto options = redis::options_from_url(frontier);
    options.connect_attempts = 1;
    return crawl::crawl_control(std::move(options));
  } catch (const std::invalid_argument& problem) {
    throw failure(problem.what(), wrong_usage);
  }
}

coro<crawl::shared_crawl> look(crawl::crawl_control& by, std::string where) {
  auto found = co_await by.look();
  if (!found) throw failure(fmt::format("there is no crawl in '{}'", shown_frontier(where)), work_failed);
  co_return std::move(*found);
}

coro<int> show_status(std::string where, bool json) {
  auto control = control_of(where);
  watched_crawl crawl{.before = co_await look(control, where)};
  const bool is_live = !json && ::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  live_lines live;
  for (;;) {
    const time_point begun = loop::running().time();
    co_await sleep(between_looks);
    crawl.now = co_await look(control, where);
    crawl.passed = loop::running().time() - begun;
    if (!is_live) break;
    live.show(status_lines(crawl));
    if (crawl.now.counts["open"] == 0) break;
    crawl.before = std::move(crawl.now);
  }
  live.clear();
  if (json)
    fmt::print("{}\n", status_json(crawl));
  else
    for (const std::string& line : status_lines(crawl)) fmt::print("{}\n", printable(line));
  co_await control.close();
  co_return done;
}

coro<int> pause(std::string where, bool is_paused) {
  auto control = control_of(where);
  static_cast<void>(co_await look(control, where));
  co_await control.pause(is_paused);
  co_await control.close();
  co_return done;
}

coro<int> drain(std::string where, std::string worker) {
  auto control = control_of(where);
  static_cast<void>(co_await look(control, where));
  if (!co_await control.drain(worker))
    throw failure(fmt::format("there is no worker '{}': hocket crawl status names them", worker), work_failed);
  co_await control.close();
  co_return done;
}

coro<int> drop(std::string where, std::string worker) {
  auto control = control_of(where);
  static_cast<void>(co_await look(control, where));
  const auto count = co_await control.drop_spill(worker);
  if (!count)
    throw failure(fmt::format("a worker that is there has the file of '{}', and goes on with it", worker), work_failed);
  fmt::print("{} URLs are given up\n", grouped(*count));
  co_await control.close();
  co_return done;
}

void add_pause(CLI::App& crawl, const char* name, const char* what, bool is_paused, action& chosen) {
  auto where = std::make_shared<std::string>();
  CLI::App* command = crawl.add_subcommand(name, what);
  command->add_option("REDIS", *where, "as it is given to --frontier")->required();
  command->callback(
      [where, is_paused, &chosen] { chosen = [where, is_paused] { return run(pause(*where, is_paused)); }; });
}

}  // namespace

void add_shared_commands(CLI::App& crawl, action& chosen) {
  struct arguments_of_all {
    std::string out;
    std::vector<std::string> parts;
    std::string where;
    std::string worker;
    bool json = false;
  };
  auto arguments = std::make_shared<arguments_of_all>();
  CLI::App* merging = crawl.add_subcommand("merge", "Join what the workers of a shared crawl have written");
  merging->add_option("OUT", arguments->out, "the directory to write")->required();
  merging->add_option("PART", arguments->parts, "the directories of workers, or directories of such")->required();
  merging->callback([arguments, &chosen] { chosen = [arguments] { return merge(arguments->out, arguments->parts); }; });
  CLI::App* status = crawl.add_subcommand("status", "Show how far a shared crawl is, and who has what");
  status->add_option("REDIS", arguments->where, "as it is given to --frontier")->required();
  status->add_flag("--json", arguments->json, "print it as JSON");
  status->callback(
      [arguments, &chosen] { chosen = [arguments] { return run(show_status(arguments->where, arguments->json)); }; });
  add_pause(crawl, "pause", "Let the workers of a shared crawl begin no pages", true, chosen);
  add_pause(crawl, "resume", "Let them go on", false, chosen);
  CLI::App* draining = crawl.add_subcommand("drain", "Let one worker finish what is under way, and end");
  draining->add_option("WORKER", arguments->worker, "as status names it")->required();
  draining->add_option("REDIS", arguments->where, "as it is given to --frontier")->required();
  draining->callback(
      [arguments, &chosen] { chosen = [arguments] { return run(drain(arguments->where, arguments->worker)); }; });
  CLI::App* dropping = crawl.add_subcommand("drop", "Give up the URLs in the file of a worker that is gone");
  dropping->add_option("WORKER", arguments->worker, "as status names it")->required();
  dropping->add_option("REDIS", arguments->where, "as it is given to --frontier")->required();
  dropping->callback(
      [arguments, &chosen] { chosen = [arguments] { return run(drop(arguments->where, arguments->worker)); }; });
}

}  // namespace hocket::app
