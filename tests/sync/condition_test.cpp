#include <memory>
#include <stdexcept>
#include <string>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/condition.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> wait_and_note(hocket::condition& changed, std::string& trace, char name) {
  auto held = co_await changed.scoped_lock();
  co_await changed.wait();
  trace += name;
}

hocket::coro<void> notify(hocket::condition& changed, std::size_t n) {
  auto held = co_await changed.scoped_lock();
  changed.notify(n);
}

/// Notes whether the lock was held when `cancelled` came out of `wait`.
hocket::coro<void> wait_and_tell_lock(hocket::condition& changed, bool& held_when_thrown) {
  co_await changed.acquire();
  try {
    co_await changed.wait();
  } catch (const hocket::cancelled&) {
    held_when_thrown = changed.locked();
    changed.release();
    throw;
  }
  changed.release();
}

// ---- the lock

HOCKET_TEST(condition, is_a_lock_too) {
  hocket::condition changed;
  {
    auto held = co_await changed.scoped_lock();
    EXPECT_TRUE(changed.locked());
  }
  EXPECT_FALSE(changed.locked());
  co_await changed.acquire();
  EXPECT_TRUE(changed.locked());
  changed.release();
  EXPECT_FALSE(changed.locked());
}

HOCKET_TEST(condition, stands_over_a_lock_that_it_is_given) {
  hocket::lock door;
  hocket::condition changed(door);
  auto held = co_await door.scoped_lock();
  EXPECT_TRUE(changed.locked());
}

HOCKET_TEST(condition, refuses_to_wait_without_the_lock) {
  hocket::condition changed;
  const auto outcome = co_await hocket::as_result(changed.wait());
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::invalid_state_error);
}

HOCKET_TEST(condition, refuses_to_notify_without_the_lock) {
  hocket::condition changed;
  EXPECT_THROW(changed.notify(), hocket::invalid_state_error);
  EXPECT_THROW(changed.notify_all(), hocket::invalid_state_error);
  co_return;
}

HOCKET_TEST(condition, gives_the_lock_up_while_it_waits) {
  hocket::condition changed;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(changed, trace, 'a'));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(changed.locked());
  co_await notify(changed, 1);
  co_await waiter;
}

HOCKET_TEST(condition, hands_the_lock_to_who_waits_for_it_when_it_begins_to_wait) {
  hocket::condition changed;
  co_await changed.acquire();
  auto notifier = hocket::create_task(notify(changed, 1));
  co_await wait_all_tasks_blocked();  // it waits for the lock
  co_await changed.wait();
  EXPECT_TRUE(changed.locked());
  changed.release();
}

HOCKET_TEST(condition, holds_the_lock_when_it_has_waited) {
  hocket::condition changed;
  bool held = false;
  auto wait = [&]() -> hocket::coro<void> {
    co_await changed.acquire();
    co_await changed.wait();
    held = changed.locked();
    changed.release();
  };
  auto waiter = hocket::create_task(wait());
  co_await wait_all_tasks_blocked();
  co_await notify(changed, 1);
  co_await waiter;
  EXPECT_TRUE(held);
}

// ---- notifying

HOCKET_TEST(condition, wakes_one_in_the_order_in_which_they_began_to_wait) {
  hocket::condition changed;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(changed, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(changed, trace, 'b'));
  co_await wait_all_tasks_blocked();
  co_await notify(changed, 1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "a");
  co_await notify(changed, 1);
  co_await second;
  EXPECT_EQ(trace, "ab");
}

HOCKET_TEST(condition, wakes_as_many_as_it_is_told) {
  hocket::condition changed;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(changed, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(changed, trace, 'b'));
  auto third = hocket::create_task(wait_and_note(changed, trace, 'c'));
  co_await wait_all_tasks_blocked();
  co_await notify(changed, 2);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "ab");
  co_await notify(changed, 1);
  co_await third;
}

HOCKET_TEST(condition, wakes_all) {
  hocket::condition changed;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(changed, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(changed, trace, 'b'));
  auto third = hocket::create_task(wait_and_note(changed, trace, 'c'));
  co_await wait_all_tasks_blocked();
  {
    auto held = co_await changed.scoped_lock();
    changed.notify_all();
  }
  co_await third;
  EXPECT_EQ(trace, "abc");
}

HOCKET_TEST(condition, does_not_remember_a_notification_that_nobody_waited_for) {
  hocket::condition changed;
  co_await notify(changed, 3);
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(changed, trace, 'a'));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "");
  co_await notify(changed, 1);
  co_await waiter;
}

HOCKET_TEST(condition, lets_nobody_go_on_before_the_notifier_lets_go_of_the_lock) {
  hocket::condition changed;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(changed, trace, 'a'));
  co_await wait_all_tasks_blocked();
  co_await changed.acquire();
  changed.notify();
  co_await hocket::sleep(1s);
  EXPECT_EQ(trace, "");
  changed.release();
  co_await waiter;
  EXPECT_EQ(trace, "a");
}

// ---- wait_for

HOCKET_TEST(condition, waits_for_a_predicate_that_is_true_without_suspending) {
  hocket::condition changed;
  auto held = co_await changed.scoped_lock();
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await changed.wait_for([] { return 7; }), 7);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(condition, waits_until_the_predicate_is_true) {
  hocket::condition changed;
  int jobs = 0;
  auto wait = [&]() -> hocket::coro<int> {
    auto held = co_await changed.scoped_lock();
    co_return co_await changed.wait_for([&] { return jobs > 1 ? jobs : 0; });
  };
  auto waiter = hocket::create_task(wait());
  for (int n = 0; n < 2; ++n) {
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(waiter.done());
    auto held = co_await changed.scoped_lock();
    ++jobs;
    changed.notify();
  }
  EXPECT_EQ(co_await waiter, 2);
}

HOCKET_TEST(condition, passes_on_what_the_predicate_throws_with_the_lock_held) {
  hocket::condition changed;
  auto held = co_await changed.scoped_lock();
  const auto fail = []() -> bool { throw std::runtime_error("broken"); };
  const auto outcome = co_await hocket::as_result(changed.wait_for(fail));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
  EXPECT_TRUE(changed.locked());
}

// ---- cancellation

HOCKET_TEST(condition, holds_the_lock_again_when_a_cancelled_wait_throws) {
  hocket::condition changed;
  bool held_when_thrown = false;
  auto waiter = hocket::create_task(wait_and_tell_lock(changed, held_when_thrown));
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(held_when_thrown);
  EXPECT_FALSE(changed.locked());
}

HOCKET_TEST(condition, waits_for_the_lock_before_a_cancelled_wait_throws) {
  hocket::condition changed;
  bool held_when_thrown = false;
  auto waiter = hocket::create_task(wait_and_tell_lock(changed, held_when_thrown));
  co_await wait_all_tasks_blocked();
  co_await changed.acquire();
  waiter.cancel();
  co_await hocket::sleep(1s);
  EXPECT_FALSE(waiter.done());
  changed.release();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(held_when_thrown);
}

HOCKET_TEST(condition, is_deaf_while_a_cancelled_wait_wants_its_lock_back) {
  hocket::condition changed;
  bool held_when_thrown = false;
  auto waiter = hocket::create_task(wait_and_tell_lock(changed, held_when_thrown));
  co_await wait_all_tasks_blocked();
  co_await changed.acquire();
  for (int n = 0; n < 3; ++n) {
    waiter.cancel();
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(waiter.done());
  }
  changed.release();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(held_when_thrown);
}

HOCKET_TEST(condition, serves_a_cancellation_that_came_while_a_notified_task_wanted_its_lock_back) {
  hocket::condition changed;
  bool held_when_thrown = false;
  auto waiter = hocket::create_task(wait_and_tell_lock(changed, held_when_thrown));
  co_await wait_all_tasks_blocked();
  co_await changed.acquire();
  changed.notify();
  co_await wait_all_tasks_blocked();  // now it stands in line before the lock
  waiter.cancel();
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiter.done());
  changed.release();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(held_when_thrown);
}

HOCKET_TEST(condition, serves_two_requests_by_one_throw) {
  hocket::condition changed;
  bool went_on = false;
  auto wait = [&]() -> hocket::coro<void> {
    auto held = co_await changed.scoped_lock();
    static_cast<void>(co_await hocket::as_result(changed.wait()));
    co_await hocket::sleep(1s);
    went_on = true;
  };
  auto waiter = hocket::create_task(wait());
  co_await wait_all_tasks_blocked();
  co_await changed.acquire();
  waiter.cancel();
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  changed.release();
  co_await waiter;
  EXPECT_TRUE(went_on);
  EXPECT_EQ(waiter.cancelling(), 2U);
}

HOCKET_TEST(condition, forgets_a_waiter_that_is_cancelled_before_it_is_notified) {
  hocket::condition changed;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(changed, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(changed, trace, 'b'));
  auto third = hocket::create_task(wait_and_note(changed, trace, 'c'));
  co_await wait_all_tasks_blocked();
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(trace, "");  // and nobody was woken in its place
  co_await notify(changed, 1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "b");
  co_await notify(changed, 1);
  co_await third;
}

HOCKET_TEST(condition, hands_on_the_notification_of_a_waiter_that_is_cancelled_in_the_same_turn) {
  hocket::condition changed;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(changed, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(changed, trace, 'b'));
  co_await wait_all_tasks_blocked();
  co_await notify(changed, 1);  // wakes `first`, which has not run yet
  first.cancel();
  co_await second;
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(condition, hands_on_the_notification_of_a_waiter_that_is_cancelled_before_it_has_its_lock) {
  hocket::condition changed;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(changed, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(changed, trace, 'b'));
  co_await wait_all_tasks_blocked();
  co_await changed.acquire();
  changed.notify();
  co_await wait_all_tasks_blocked();
  first.cancel();
  changed.release();
  co_await second;
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(condition, waits_inside_of_a_cancelled_scope_only_for_its_lock) {
  hocket::condition changed;
  hocket::cancel_scope scope;
  scope.cancel();
  bool held = false;
  co_await scope.run([&]() -> hocket::coro<void> {
    co_await changed.acquire();
    try {
      co_await changed.wait();
    } catch (const hocket::cancelled&) {
      held = changed.locked();
      changed.release();
      throw;
    }
  });
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_TRUE(held);
}

HOCKET_TEST(condition, can_be_waited_for_with_a_time_limit) {
  hocket::condition changed;
  auto held = co_await changed.scoped_lock();
  const auto outcome = co_await hocket::as_result(hocket::with_timeout(1s, changed.wait_for([] { return false; })));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  EXPECT_TRUE(changed.locked());
}

TEST(condition, loses_no_item_and_no_lock_when_cancelled_at_any_suspension) {
  int wrong = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::condition changed;
    int items = 0;
    int put = 0;
    int got = 0;
    auto consume = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 2; ++n) {
        auto held = co_await changed.scoped_lock();
        co_await changed.wait_for([&] { return items > 0; });
        --items;
        ++got;
      }
    };
    auto produce = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 4; ++n) {
        co_await hocket::sleep(1s);
        auto held = co_await changed.scoped_lock();
        ++items;
        ++put;
        changed.notify();
        co_await hocket::sleep(1s);
      }
    };
    try {
      co_await hocket::gather(consume(), consume(), produce());
    } catch (...) {
      wrong += put != got + items || changed.locked() ? 1 : 0;
      throw;
    }
    wrong += put != got + items || items != 0 || changed.locked() ? 1 : 0;
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

TEST(condition_death_test, ends_the_program_that_destroys_one_with_waiters) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    auto changed = std::make_unique<hocket::condition>();
    std::string trace;
    auto waiter = hocket::create_task(wait_and_note(*changed, trace, 'a'));
    co_await wait_all_tasks_blocked();
    waiter.cancel();
    changed.reset();
  };
  EXPECT_DEATH(hocket::run(misuse()), "a condition was destroyed while tasks waited for it");
}

}  // namespace
