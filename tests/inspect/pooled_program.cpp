// As shown_program.cpp: a task that waits for another process of a pool, in which a coroutine sleeps, and one that is in line for that.

#include <chrono>
#include <cstdio>
#include <string>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/process_pool_executor.hpp>
#include <hocket/exec/to_thread.hpp>

using namespace std::chrono_literals;

namespace pooled {

// In the worker: the program's standard output is its own, too.
hocket::coro<int> count(int from) {
  hocket::loop::running().call_soon([] {  // when this waits
    std::puts("ready");
    std::fflush(stdout);
  });
  co_await hocket::sleep(1h);
  co_return from;
}

hocket::coro<void> calculate(hocket::process_pool_executor& pool) {
  static_cast<void>(co_await hocket::run_in_executor<count>(pool, 1));
}

hocket::coro<void> open() {
  hocket::process_pool_executor pool({.max_workers = 1});
  auto calculating = hocket::create_task(calculate(pool), {.name = "calculating"});
  auto next = hocket::create_task(calculate(pool), {.name = "calculating next"});
  co_await hocket::to_thread([] {
    while (std::getchar() != EOF) {
    }
  });
  pool.kill_workers();
  std::quick_exit(0);
}

}  // namespace pooled

int main() {
  hocket::serve_if_worker();
  hocket::run(pooled::open());
}
