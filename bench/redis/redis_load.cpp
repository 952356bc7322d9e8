// TASKS tasks set and get by one client: redis_load SOCKET TASKS COMMANDS. Prints the seconds of CPU and those that passed.
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

#include <hocket/core/run.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/redis.hpp>

namespace redis = hocket::redis;

namespace {

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

hocket::coro<void> set_and_get(redis::client& store, int task, int commands) {
  const std::string key = fmt::format("key:{}", task);
  const std::string value(32, 'v');
  for (int n = 0; n < commands; n += 2) {
    co_await store.set(key, value);
    const auto found = co_await store.get(key);
    if (found != value) std::abort();
  }
}

hocket::coro<void> amain(std::string socket, int tasks, int commands) {
  redis::client store({.unix_socket = std::move(socket)});
  static_cast<void>(co_await store.ping());
  const double before = cpu_seconds();
  const auto begun = std::chrono::steady_clock::now();
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    for (int n = 0; n < tasks; ++n) group.create_task(set_and_get(store, n, commands / tasks));
    co_return;
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print("{:.4f} {:.4f}\n", cpu_seconds() - before, took.count());
  co_await store.close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  hocket::run(amain(argv[1], std::atoi(argv[2]), std::atoi(argv[3])));
}
