// As shown_program.cpp: tasks of which it is known how much of their thread's time each has, until the program is killed.
//
// "busy": a loop on the first thread. "busy aside": on another one. "busy in runs": one loop after the other, each on a thread of its own.
// "busy slowly": a task of which each step takes 200 ms, and one of which none takes long.
// "busy by eight": eight loops on as many threads, whose steps are short; as it ends it says which part of the threads' time was in steps.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/sync/event.hpp>

using namespace std::chrono_literals;

namespace busy {

std::chrono::nanoseconds time_used(clockid_t by = CLOCK_THREAD_CPUTIME_ID) {
  timespec used{};
  ::clock_gettime(by, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void work(std::chrono::nanoseconds length) {
  for (const auto end = time_used() + length; time_used() < end;) {
  }
}

hocket::coro<void> work_when(hocket::event& due, std::chrono::nanoseconds length, hocket::event& done) {
  for (;;) {
    co_await due.wait();
    due.clear();
    work(length);
    done.set();
  }
}

hocket::coro<void> nap() {
  for (;;) co_await hocket::sleep(5ms);
}

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

/// Of ten milliseconds six are one task's, three another's, and one is a callback's; between these the thread sleeps.
hocket::coro<void> open(int rounds) {
  hocket::event first;
  hocket::event second;
  hocket::event both;
  auto much = hocket::create_task(work_when(first, 6ms, second), {.name = "much"});
  auto some = hocket::create_task(work_when(second, 3ms, both), {.name = "some"});
  auto napping = hocket::create_task(nap(), {.name = "napping"});
  for (int n = 0; rounds == 0 || n < rounds; ++n) {
    first.set();
    co_await both.wait();
    both.clear();
    hocket::loop::running().call_soon([] { work(1ms); });
    if (rounds == 0 && n == 0) say_ready();
    co_await hocket::sleep(2ms);
  }
  for (auto* each : {&much, &some, &napping}) each->cancel();
}

hocket::coro<void> work_slowly() {
  for (;;) {
    work(200ms);
    co_await hocket::sleep(5ms);
  }
}

hocket::coro<void> open_slowly() {
  auto slow = hocket::create_task(work_slowly(), {.name = "slow"});
  hocket::loop::running().call_soon(say_ready);
  co_await nap();
}

std::atomic<std::int64_t> in_steps = 0;

hocket::coro<void> work_shortly() {
  for (;;) {
    const auto begin = time_used();
    work(40us);
    in_steps += (time_used() - begin).count();
    co_await hocket::sleep(500us);
  }
}

int work_by_eight() {
  for (int n = 0; n < 8; ++n) std::thread([] { hocket::run(work_shortly()); }).detach();
  say_ready();
  while (std::getchar() != EOF) {
  }
  std::printf("%f\n", static_cast<double>(in_steps) / static_cast<double>(time_used(CLOCK_PROCESS_CPUTIME_ID).count()));
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace busy

int main(int count, char** words) {
  const std::string how = count > 1 ? words[1] : "";
  if (how.empty()) hocket::run(busy::open(0));
  if (how == "slowly") hocket::run(busy::open_slowly());
  if (how == "by eight") return busy::work_by_eight();
  if (how == "aside") std::thread([] { hocket::run(busy::open(0)); }).join();
  busy::say_ready();
  for (;;) std::thread([] { hocket::run(busy::open(3)); }).join();
}
