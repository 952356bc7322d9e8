#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> hold_and_note(hocket::lock& door, std::string& trace, char name) {
  auto held = co_await door.scoped_lock();
  trace += name;
}

HOCKET_TEST(lock, is_taken_without_waiting_while_it_is_free) {
  hocket::lock door;
  const auto turn = hocket::loop::running().counters().turns;
  auto held = co_await door.scoped_lock();
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
  EXPECT_TRUE(door.locked());
}

HOCKET_TEST(lock, is_free_again_when_the_guard_is_gone) {
  hocket::lock door;
  {
    auto held = co_await door.scoped_lock();
  }
  EXPECT_FALSE(door.locked());
}

HOCKET_TEST(lock, is_released_by_the_guard_that_was_moved_to) {
  hocket::lock door;
  {
    auto held = co_await door.scoped_lock();
    {
      const auto moved = std::move(held);
      EXPECT_TRUE(door.locked());
    }
    EXPECT_FALSE(door.locked());
  }
  EXPECT_FALSE(door.locked());
}

HOCKET_TEST(lock, is_released_when_an_exception_leaves_the_scope) {
  hocket::lock door;
  try {
    auto held = co_await door.scoped_lock();
    throw std::runtime_error("broken");
  } catch (const std::runtime_error&) {
  }
  EXPECT_FALSE(door.locked());
}

HOCKET_TEST(lock, is_held_by_one_task_at_a_time) {
  hocket::lock door;
  int inside = 0;
  int most = 0;
  auto enter = [&]() -> hocket::coro<void> {
    auto held = co_await door.scoped_lock();
    most = std::max(most, ++inside);
    co_await hocket::sleep(1s);
    --inside;
  };
  const auto begin = hocket::loop::running().time();
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    for (int n = 0; n < 5; ++n) group.create_task(enter());
    co_return;
  });
  EXPECT_EQ(most, 1);
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(lock, serves_waiters_in_the_order_in_which_they_asked) {
  hocket::lock door;
  std::string trace;
  co_await door.acquire();
  auto first = hocket::create_task(hold_and_note(door, trace, 'a'));
  auto second = hocket::create_task(hold_and_note(door, trace, 'b'));
  auto third = hocket::create_task(hold_and_note(door, trace, 'c'));
  co_await wait_all_tasks_blocked();
  door.release();
  co_await third;
  EXPECT_EQ(trace, "abc");
}

HOCKET_TEST(lock, is_not_taken_past_a_task_that_waits) {
  hocket::lock door;
  std::string trace;
  co_await door.acquire();
  auto waiting = hocket::create_task(hold_and_note(door, trace, 'a'));
  co_await wait_all_tasks_blocked();
  door.release();                            // free, but promised
  co_await hold_and_note(door, trace, 'b');  // asks in the same turn
  co_await waiting;
  EXPECT_EQ(trace, "ab");
}

HOCKET_TEST(lock, is_not_taken_past_a_task_whose_woken_predecessor_was_cancelled) {
  hocket::lock door;
  std::string trace;
  co_await door.acquire();
  auto first = hocket::create_task(hold_and_note(door, trace, 'a'));
  auto second = hocket::create_task(hold_and_note(door, trace, 'b'));
  co_await wait_all_tasks_blocked();
  door.release();
  first.cancel();
  co_await hold_and_note(door, trace, 'c');
  EXPECT_EQ(trace, "bc");
  EXPECT_TRUE(co_await ends_cancelled(first));
  co_await second;
}

HOCKET_TEST(lock, forgets_a_cancelled_waiter) {
  hocket::lock door;
  std::string trace;
  co_await door.acquire();
  auto first = hocket::create_task(hold_and_note(door, trace, 'a'));
  auto second = hocket::create_task(hold_and_note(door, trace, 'b'));
  co_await wait_all_tasks_blocked();
  first.cancel();
  door.release();
  co_await second;
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(lock, goes_on_to_the_next_when_the_woken_waiter_is_cancelled) {
  hocket::lock door;
  std::string trace;
  co_await door.acquire();
  auto first = hocket::create_task(hold_and_note(door, trace, 'a'));
  auto second = hocket::create_task(hold_and_note(door, trace, 'b'));
  co_await wait_all_tasks_blocked();
  door.release();  // wakes `first`, which has not run yet
  first.cancel();
  co_await second;
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(lock, is_free_after_its_only_woken_waiter_was_cancelled) {
  hocket::lock door;
  std::string trace;
  co_await door.acquire();
  auto only = hocket::create_task(hold_and_note(door, trace, 'a'));
  co_await wait_all_tasks_blocked();
  door.release();
  only.cancel();
  EXPECT_TRUE(co_await ends_cancelled(only));
  EXPECT_FALSE(door.locked());
  co_await hold_and_note(door, trace, 'b');
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(lock, stays_with_its_holder_when_a_waiter_is_cancelled) {
  hocket::lock door;
  std::string trace;
  auto held = co_await door.scoped_lock();
  auto waiter = hocket::create_task(hold_and_note(door, trace, 'a'));
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(door.locked());
}

HOCKET_TEST(lock, refuses_to_be_released_when_nobody_holds_it) {
  hocket::lock door;
  EXPECT_THROW(door.release(), hocket::invalid_state_error);
  co_return;
}

TEST(lock_death_test, ends_the_program_that_destroys_one_on_its_way_to_a_waiter) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    auto door = std::make_unique<hocket::lock>();
    std::string trace;
    co_await door->acquire();
    auto waiter = hocket::create_task(hold_and_note(*door, trace, 'a'));
    co_await wait_all_tasks_blocked();
    door->release();
    door.reset();
  };
  EXPECT_DEATH(hocket::run(misuse()), "a lock was destroyed while tasks waited for it");
}

TEST(lock, is_free_after_a_cancellation_at_any_suspension) {
  bool free_at_the_end = true;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::lock door;
    auto work = [&door]() -> hocket::coro<void> {
      for (int n = 0; n < 2; ++n) {
        auto held = co_await door.scoped_lock();
        co_await hocket::sleep(1s);
      }
    };
    try {
      co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
        for (int n = 0; n < 3; ++n) group.create_task(work());
        co_await work();
      });
    } catch (...) {
      free_at_the_end = free_at_the_end && !door.locked();
      throw;
    }
    free_at_the_end = free_at_the_end && !door.locked();
  });
  EXPECT_TRUE(free_at_the_end);
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
