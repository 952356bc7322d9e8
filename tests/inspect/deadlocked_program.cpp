// Two tasks that each hold a lock for which the other waits, one that waits for a lock of its own, and one that only waits its turn.

#include <cstdio>
#include <string>

#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/testing/blocked.hpp>

namespace {

hocket::coro<void> take_both(hocket::lock& first, hocket::lock& second) {
  auto one = co_await first.scoped_lock();
  co_await hocket::sleep(std::chrono::seconds(0));  // the other takes its first one
  auto other = co_await second.scoped_lock();
}

hocket::coro<void> take(hocket::lock& key) { auto held = co_await key.scoped_lock(); }

hocket::coro<void> deadlock() {
  hocket::lock fork;
  hocket::lock knife;
  hocket::lock napkin;
  auto alice = hocket::create_task(take_both(fork, knife), {.name = "alice"});
  auto bob = hocket::create_task(take_both(knife, fork), {.name = "bob"});
  auto carol = hocket::create_task(take_both(napkin, napkin), {.name = "carol"});
  auto dave = hocket::create_task(take(fork), {.name = "dave"});
  co_await hocket::testing::wait_all_tasks_blocked();
  hocket::loop::running().call_soon([] {  // when this waits
    std::puts("ready");
    std::fflush(stdout);
  });
  co_await hocket::gather(alice, bob);
}

}  // namespace

int main() { hocket::run(deadlock()); }
