#include <algorithm>
#include <string>

#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/sync/semaphore.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> acquire_and_note(hocket::semaphore& seats, std::string& trace, char name) {
  co_await seats.acquire();
  trace += name;
}

HOCKET_TEST(semaphore, gives_its_permits_without_waiting) {
  hocket::semaphore seats(2);
  const auto turn = hocket::loop::running().counters().turns;
  co_await seats.acquire();
  EXPECT_FALSE(seats.locked());
  co_await seats.acquire();
  EXPECT_TRUE(seats.locked());
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(semaphore, lets_in_as_many_as_it_has_permits) {
  hocket::semaphore seats(3);
  int inside = 0;
  int most = 0;
  auto sit = [&]() -> hocket::coro<void> {
    auto seat = co_await seats.scoped_acquire();
    most = std::max(most, ++inside);
    co_await hocket::sleep(1s);
    --inside;
  };
  const auto begin = hocket::loop::running().time();
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    for (int n = 0; n < 9; ++n) group.create_task(sit());
    co_return;
  });
  EXPECT_EQ(most, 3);
  EXPECT_EQ(hocket::loop::running().time() - begin, 3s);
}

HOCKET_TEST(semaphore, serves_waiters_in_the_order_in_which_they_asked) {
  hocket::semaphore seats(0);
  std::string trace;
  auto first = hocket::create_task(acquire_and_note(seats, trace, 'a'));
  auto second = hocket::create_task(acquire_and_note(seats, trace, 'b'));
  auto third = hocket::create_task(acquire_and_note(seats, trace, 'c'));
  co_await wait_all_tasks_blocked();
  for (int n = 0; n < 3; ++n) seats.release();
  co_await third;
  EXPECT_EQ(trace, "abc");
}

HOCKET_TEST(semaphore, lets_nobody_pass_a_task_that_waits) {
  hocket::semaphore seats(0);
  std::string trace;
  auto first = hocket::create_task(acquire_and_note(seats, trace, 'a'));
  auto second = hocket::create_task(acquire_and_note(seats, trace, 'b'));
  co_await wait_all_tasks_blocked();
  seats.release();
  EXPECT_TRUE(seats.locked());
  auto third = hocket::create_task(acquire_and_note(seats, trace, 'c'));
  co_await wait_all_tasks_blocked();
  seats.release();
  seats.release();
  co_await third;
  EXPECT_EQ(trace, "abc");
}

HOCKET_TEST(semaphore, lets_nobody_pass_a_task_that_was_woken_and_has_not_run) {
  hocket::semaphore seats(0);
  std::string trace;
  auto first = hocket::create_task(acquire_and_note(seats, trace, 'a'));
  co_await wait_all_tasks_blocked();
  for (int n = 0; n < 2; ++n) seats.release();
  EXPECT_TRUE(seats.locked());                   // although there is a permit left
  co_await acquire_and_note(seats, trace, 'b');  // asks in the same turn
  EXPECT_EQ(trace, "ab");
}

HOCKET_TEST(semaphore, takes_its_permit_back_when_the_holder_leaves) {
  hocket::semaphore seats(1);
  {
    auto seat = co_await seats.scoped_acquire();
    EXPECT_TRUE(seats.locked());
  }
  EXPECT_FALSE(seats.locked());
}

HOCKET_TEST(semaphore, gains_a_permit_by_a_release_without_acquire) {
  hocket::semaphore seats(0);
  seats.release();
  EXPECT_FALSE(seats.locked());
  co_return;
}

HOCKET_TEST(semaphore, forgets_a_cancelled_waiter) {
  hocket::semaphore seats(0);
  std::string trace;
  auto first = hocket::create_task(acquire_and_note(seats, trace, 'a'));
  auto second = hocket::create_task(acquire_and_note(seats, trace, 'b'));
  co_await wait_all_tasks_blocked();
  first.cancel();
  seats.release();
  co_await second;
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(semaphore, hands_the_permit_of_a_woken_and_cancelled_waiter_to_the_next) {
  hocket::semaphore seats(0);
  std::string trace;
  auto first = hocket::create_task(acquire_and_note(seats, trace, 'a'));
  auto second = hocket::create_task(acquire_and_note(seats, trace, 'b'));
  co_await wait_all_tasks_blocked();
  seats.release();
  first.cancel();
  co_await second;
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(semaphore, keeps_the_permit_of_a_woken_and_cancelled_waiter_if_nobody_else_waits) {
  hocket::semaphore seats(0);
  std::string trace;
  auto only = hocket::create_task(acquire_and_note(seats, trace, 'a'));
  co_await wait_all_tasks_blocked();
  seats.release();
  only.cancel();
  EXPECT_TRUE(co_await ends_cancelled(only));
  EXPECT_FALSE(seats.locked());
}

TEST(semaphore, has_all_its_permits_after_a_cancellation_at_any_suspension) {
  int wrong = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::semaphore seats(2);
    auto work = [&seats]() -> hocket::coro<void> {
      for (int n = 0; n < 2; ++n) {
        auto seat = co_await seats.scoped_acquire();
        co_await hocket::sleep(1s);
      }
    };
    const auto check = [&] {
      for (int n = 0; n < 2; ++n) {
        auto take = seats.acquire();
        if (!take.await_ready())
          ++wrong;
        else
          take.await_resume();
      }
      if (!seats.locked()) ++wrong;
    };
    try {
      co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
        for (int n = 0; n < 4; ++n) group.create_task(work());
        co_await work();
      });
    } catch (...) {
      check();
      throw;
    }
    check();
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
