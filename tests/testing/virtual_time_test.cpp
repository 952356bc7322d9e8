#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::time_point now() { return hocket::loop::running().time(); }

HOCKET_TEST(virtual_clock, moves_exactly_to_the_deadline) {
  const auto before = now();
  co_await hocket::sleep(1h);
  EXPECT_EQ(now() - before, 1h);
}

HOCKET_TEST(virtual_clock, stands_still_while_the_program_computes) {
  const auto before = now();
  std::this_thread::sleep_for(2ms);
  co_await hocket::sleep(0s);
  EXPECT_EQ(now(), before);
}

HOCKET_TEST(virtual_clock, stands_still_while_a_thread_works) {
  const auto before = now();
  auto alarm = hocket::create_task(hocket::sleep(1s));
  co_await hocket::to_thread([] { std::this_thread::sleep_for(30ms); });
  EXPECT_EQ(now(), before);
  co_await alarm;
}

HOCKET_TEST(all_tasks_blocked, waits_for_tasks_that_go_on_for_many_turns) {
  int turns = 0;
  auto busy = [&]() -> hocket::coro<void> {
    for (; turns < 100; ++turns) co_await hocket::sleep(0s);
  };
  auto task = hocket::create_task(busy());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(turns, 100);
  EXPECT_TRUE(task.done());
}

HOCKET_TEST(all_tasks_blocked, does_not_wait_for_timers) {
  auto sleeper = hocket::create_task(hocket::sleep(1s));
  const auto before = now();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(now(), before);
  EXPECT_FALSE(sleeper.done());
  co_await sleeper;
}

HOCKET_TEST(all_tasks_blocked, wakes_all_who_wait_for_it_in_one_turn) {
  int awake = 0;
  auto wait = [&]() -> hocket::coro<void> {
    co_await wait_all_tasks_blocked();
    const int before = ++awake;
    co_await hocket::sleep(0s);
    EXPECT_EQ(awake, 2) << before;
  };
  co_await hocket::gather(wait(), wait());
}

HOCKET_TEST(all_tasks_blocked, can_be_cancelled) {
  auto waiting = hocket::create_task(wait_all_tasks_blocked());
  auto busy = [&]() -> hocket::coro<void> {
    co_await hocket::sleep(0s);
    waiting.cancel();
    co_await hocket::sleep(0s);
  };
  co_await busy();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
}

HOCKET_TEST(ends_cancelled, is_false_for_a_task_that_returns) {
  EXPECT_FALSE(co_await ends_cancelled(hocket::create_task(hocket::sleep(1s))));
}

HOCKET_TEST(ends_cancelled, throws_what_the_task_threw) {
  const auto fail = []() -> hocket::coro<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  EXPECT_THROW(co_await ends_cancelled(hocket::create_task(fail())), std::runtime_error);
}

HOCKET_TEST(ends_cancelled, passes_on_a_cancellation_of_the_caller) {
  auto asking = hocket::create_task(ends_cancelled(hocket::create_task(hocket::sleep(1h))));
  co_await wait_all_tasks_blocked();
  asking.cancel();
  EXPECT_TRUE(co_await ends_cancelled(asking));
}

}  // namespace
