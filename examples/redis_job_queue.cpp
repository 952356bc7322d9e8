// Jobs for any number of workers, of which none is lost when a worker dies: a stream of Redis with a group of consumers. A job is given to one worker, and stays with it until it is
// acknowledged; what was left lying for too long the others take over.
// Run: redis_job_queue add paint sand; redis_job_queue work ann
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <hocket/redis.hpp>

#include "program.hpp"

namespace redis = hocket::redis;

static constexpr std::string_view stream = "jobs";
static constexpr std::string_view group = "workers";

struct worker_options {
  std::string name;
  int abandoned_ms = 60'000;
  bool until_empty = false;
  bool forgets = false;
};

hocket::coro<void> add(std::string url, std::vector<std::string> jobs) {
  redis::client store(url);
  redis::pipeline many(store);
  for (const std::string& each : jobs) many.xadd(stream, "job", each);
  const auto answers = co_await many.execute();
  for (const redis::reply& each : answers) each.raise_for_error();
  co_await store.close();
}

/// The group sees all that the stream has; that it is there already is no error.
hocket::coro<void> make_group(redis::client& store) {
  try {
    co_await store.xgroup_create(stream, group, "0");
  } catch (const redis::response_error& refused) {
    if (refused.code() != "BUSYGROUP") throw;
  }
}

hocket::coro<void> work_on(redis::client& store, const worker_options& how, redis::stream_entry job,
                           std::string_view whence) {
  for (const auto& [field, text] : job.fields) fmt::print("{}: {} {}\n", how.name, whence, text);
  if (how.forgets) co_return;  // as one that dies
  co_await store.xack(stream, group, job.id);
}

hocket::coro<void> take_over(redis::client& store, const worker_options& how) {
  const std::chrono::milliseconds abandoned(how.abandoned_ms);
  std::string from = "0-0";
  do {
    auto found = co_await store.xautoclaim(stream, group, how.name, abandoned, from);
    for (redis::stream_entry& each : found.entries) co_await work_on(store, how, std::move(each), "takes over");
    from = found.next;
  } while (from != "0-0");
}

hocket::coro<void> work(std::string url, worker_options how) {
  redis::client store(url);
  co_await make_group(store);
  std::vector<std::pair<std::string, std::string>> fresh;
  fresh.emplace_back(stream, ">");
  for (;;) {
    co_await take_over(store, how);
    redis::stream_read_options reading;
    reading.count = 10;
    if (!how.until_empty) reading.block = std::chrono::seconds(5);
    auto found = co_await store.xreadgroup(std::string(group), how.name, fresh, reading);
    if (found.empty() && how.until_empty) break;
    for (auto& [key, jobs] : found)
      for (redis::stream_entry& each : jobs) co_await work_on(store, how, std::move(each), "does");
  }
  co_await store.close();
}

int main(int argc, char** argv) {
  std::string url = "redis://localhost:6379";
  std::vector<std::string> jobs;
  worker_options how;
  CLI::App options("Gives jobs to workers.", "redis_job_queue");
  options.add_option("--redis", url, "the server")->capture_default_str();
  options.require_subcommand(1);
  auto& adding = *options.add_subcommand("add", "adds jobs");
  adding.add_option("jobs", jobs, "what is to be done")->required();
  auto& working = *options.add_subcommand("work", "works on jobs");
  working.add_option("name", how.name, "the worker's")->required();
  working.add_option("--abandoned", how.abandoned_ms, "milliseconds after which a job of others is taken over")
      ->capture_default_str();
  working.add_flag("--until-empty", how.until_empty, "ends when there is nothing to do");
  working.add_flag("--forget", how.forgets, "acknowledges nothing, as one that dies");
  read_command_line(options, argc, argv);
  if (adding.parsed()) return run_program(options, add(url, std::move(jobs)));
  return run_program(options, work(url, std::move(how)));
}
