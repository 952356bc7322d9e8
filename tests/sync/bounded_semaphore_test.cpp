#include <optional>
#include <string>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/sync/bounded_semaphore.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

HOCKET_TEST(bounded_semaphore, lets_in_as_many_as_it_has_permits) {
  hocket::bounded_semaphore seats(2);
  co_await seats.acquire();
  EXPECT_FALSE(seats.locked());
  co_await seats.acquire();
  EXPECT_TRUE(seats.locked());
}

HOCKET_TEST(bounded_semaphore, takes_back_what_was_acquired) {
  hocket::bounded_semaphore seats(1);
  co_await seats.acquire();
  seats.release();
  EXPECT_FALSE(seats.locked());
}

HOCKET_TEST(bounded_semaphore, refuses_a_permit_that_was_not_acquired) {
  hocket::bounded_semaphore seats(1);
  EXPECT_THROW(seats.release(), hocket::invalid_state_error);
  co_await seats.acquire();
  EXPECT_TRUE(seats.locked());
}

HOCKET_TEST(bounded_semaphore, gives_a_released_permit_to_who_waits) {
  hocket::bounded_semaphore seats(1);
  co_await seats.acquire();
  auto waiter = hocket::create_task(seats.acquire());
  co_await wait_all_tasks_blocked();
  seats.release();
  co_await waiter;
  EXPECT_TRUE(seats.locked());
}

HOCKET_TEST(bounded_semaphore, counts_the_permit_of_a_waiter_that_was_woken_and_cancelled) {
  hocket::bounded_semaphore seats(1);
  co_await seats.acquire();
  auto waiter = hocket::create_task(seats.acquire());
  co_await wait_all_tasks_blocked();
  seats.release();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_FALSE(seats.locked());
  EXPECT_THROW(seats.release(), hocket::invalid_state_error);
}

TEST(bounded_semaphore_death_test, ends_the_program_that_releases_a_scoped_permit_by_hand_too) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    hocket::bounded_semaphore seats(1);
    auto seat = co_await seats.scoped_acquire();
    seats.release();
  };
  EXPECT_DEATH(hocket::run(misuse()), "a permit of a bounded semaphore was released twice");
}

TEST(bounded_semaphore, has_all_its_permits_after_a_cancellation_at_any_suspension) {
  int wrong = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::bounded_semaphore seats(2);
    auto work = [&seats]() -> hocket::coro<void> {
      for (int n = 0; n < 2; ++n) {
        auto seat = co_await seats.scoped_acquire();
        co_await hocket::sleep(1s);
      }
    };
    // Full again: a release is refused, and two permits can be had.
    const auto check = [&] {
      try {
        seats.release();
        ++wrong;
      } catch (const hocket::invalid_state_error&) {
      }
    };
    try {
      co_await hocket::gather(work(), work(), work(), work());
    } catch (...) {
      check();
      throw;
    }
    check();
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
