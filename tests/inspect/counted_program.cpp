// As shown_program.cpp: tasks that wait for each other's locks, for several sources, for what is none of hocket's, that say what they do,
// and figures that are known.

#include <chrono>
#include <coroutine>
#include <cstdio>
#include <string>
#include <thread>

#include <pthread.h>

#include <hocket/core/activity.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/flow/merge.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/testing/blocked.hpp>

using namespace std::chrono_literals;

namespace counted {

struct somebody_elses {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

hocket::coro<void> await_foreign() { co_await somebody_elses{}; }
hocket::coro<void> await_nested() { co_await await_foreign(); }

hocket::coro<void> take_both(hocket::lock& first, hocket::lock& second) {
  const auto mine = co_await first.scoped_lock();
  co_await hocket::sleep(1ms);
  const auto other = co_await second.scoped_lock();
}

hocket::async_generator<int> forever() {
  co_await hocket::sleep(1h);
  co_yield 1;
}

hocket::coro<void> merge() {
  auto all = hocket::flow::merge(forever(), forever());
  static_cast<void>(co_await all.next());
}

hocket::coro<void> say() {
  hocket::activity outer("bake a cake");
  outer.enter("mixing");
  const hocket::activity inner("break eggs");
  for (int n = 0; n < 4; ++n) co_await hocket::sleep(1ms);
  co_await hocket::sleep(1h);
}

hocket::coro<void> talk() {
  auto [here, there] = hocket::unix_socket::pair();
  co_await here.send_all(std::string(1000, 'x'));
  static_cast<void>(co_await there.receive());
  static_cast<void>(co_await there.receive());
}

hocket::coro<void> await_opening(hocket::event& opening) { co_await opening.wait(); }

hocket::coro<void> open() {
  hocket::lock fork;
  hocket::lock knife;
  auto left = hocket::create_task(take_both(fork, knife), {.name = "left"});
  auto right = hocket::create_task(take_both(knife, fork), {.name = "right"});
  auto merging = hocket::create_task(merge(), {.name = "merging"});
  auto foreign = hocket::create_task(await_nested(), {.name = "foreign"});
  auto saying = hocket::create_task(say(), {.name = "saying"});
  hocket::event opening;
  auto guest = hocket::create_task(await_opening(opening), {.name = "guest"});
  auto other_guest = hocket::create_task(await_opening(opening), {.name = "other guest"});
  auto talking = hocket::create_task(talk(), {.name = "talking"});
  auto over = hocket::create_task(hocket::sleep(1ms));
  co_await over;
  co_await hocket::sleep(30ms);
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

}  // namespace counted

// With an argument on a thread of its own, and the first one ends.
int main(int count, char**) {
  if (count == 1) hocket::run(counted::open());
  std::thread([] { hocket::run(counted::open()); }).detach();
  ::pthread_exit(nullptr);
}
