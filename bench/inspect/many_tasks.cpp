// Ten thousand tasks with four frames each: for how long is a process stopped that shows these?

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/testing/blocked.hpp>

using namespace std::chrono_literals;

namespace {

hocket::coro<void> deep(int depth) {
  if (depth > 1)
    co_await deep(depth - 1);
  else
    co_await hocket::sleep(1h);
}

hocket::coro<void> say_ready() {
  co_await hocket::testing::wait_all_tasks_blocked();
  std::puts("ready");
  std::fflush(stdout);
}

hocket::coro<void> work(int tasks) {
  co_await hocket::with_task_group([tasks](hocket::task_group& group) -> hocket::coro<void> {
    for (int n = 0; n < tasks; ++n) group.create_task(deep(4));
    group.create_task(say_ready());
    co_return;
  });
}

}  // namespace

int main(int count, char** words) { hocket::run(work(count > 1 ? std::atoi(words[1]) : 10'000)); }
