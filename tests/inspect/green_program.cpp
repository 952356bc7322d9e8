// As shown_program.cpp: green threads, and a coroutine, that wait for each other.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/green/sleep.hpp>
#include <hocket/green/spawn.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/testing/blocked.hpp>

using namespace std::chrono_literals;

namespace meadow {

void nap() { hocket::green::sleep(1h); }

void hold(hocket::lock& gate) {
  const auto held = hocket::green::wait(gate.scoped_lock());
  nap();
}

hocket::coro<void> queue(hocket::lock& gate) { auto held = co_await gate.scoped_lock(); }

hocket::coro<void> open() {
  hocket::lock gate;
  auto holding = hocket::green::spawn([&gate] { hold(gate); }, {.name = "holding"});
  auto queueing = hocket::create_task(queue(gate), {.name = "queueing"});
  auto joining = hocket::green::spawn([&holding] { hocket::green::wait(holding); }, {.name = "joining"});
  co_await hocket::testing::wait_all_tasks_blocked();
  hocket::loop::running().call_soon([] {
    std::puts("ready");
    std::fflush(stdout);
  });
  co_await hocket::to_thread([] {
    while (std::getchar() != EOF) {
    }
  });
  std::quick_exit(0);
}

}  // namespace meadow

int main() { hocket::run(meadow::open()); }
