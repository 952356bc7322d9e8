// As shown_program.cpp: tasks that wait for the one thread of a pool: it makes the call of the first, the second is in line.

#include <cstdio>
#include <cstdlib>
#include <semaphore>

#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/thread_pool_executor.hpp>
#include <hocket/exec/to_thread.hpp>

namespace threaded {

void stay() {
  std::puts("ready");
  std::fflush(stdout);
  std::binary_semaphore never(0);
  never.acquire();
}

hocket::coro<void> read(hocket::thread_pool_executor& pool) { co_await hocket::run_in_executor(pool, stay); }

hocket::coro<void> open() {
  hocket::thread_pool_executor pool({.max_workers = 1, .thread_name_prefix = "reader"});
  auto reading = hocket::create_task(read(pool), {.name = "reading"});
  auto next = hocket::create_task(read(pool), {.name = "reading next"});
  co_await hocket::to_thread([] {
    while (std::getchar() != EOF) {
    }
  });
  std::quick_exit(0);
}

}  // namespace threaded

int main() { hocket::run(threaded::open()); }
