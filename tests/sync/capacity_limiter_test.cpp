#include <algorithm>
#include <optional>
#include <string>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/sync/capacity_limiter.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> borrow_and_note(hocket::capacity_limiter& limiter, std::string& trace, char name) {
  auto token = co_await limiter.scoped_acquire();
  trace += name;
}

HOCKET_TEST(capacity_limiter, lends_its_tokens_without_waiting) {
  hocket::capacity_limiter limiter(2);
  const auto turn = hocket::loop::running().counters().turns;
  {
    auto token = co_await limiter.scoped_acquire();
    EXPECT_EQ(limiter.borrowed_tokens(), 1U);
    EXPECT_EQ(limiter.available_tokens(), 1U);
  }
  EXPECT_EQ(limiter.borrowed_tokens(), 0U);
  EXPECT_EQ(limiter.available_tokens(), 2U);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(capacity_limiter, lets_in_as_many_as_it_has_tokens) {
  hocket::capacity_limiter limiter(3);
  int inside = 0;
  int most = 0;
  auto enter = [&]() -> hocket::coro<void> {
    auto token = co_await limiter.scoped_acquire();
    most = std::max(most, ++inside);
    co_await hocket::sleep(1s);
    --inside;
  };
  const auto begin = hocket::loop::running().time();
  co_await hocket::gather(enter(), enter(), enter(), enter(), enter(), enter());
  EXPECT_EQ(most, 3);
  EXPECT_EQ(hocket::loop::running().time() - begin, 2s);
}

HOCKET_TEST(capacity_limiter, serves_borrowers_in_the_order_in_which_they_asked) {
  hocket::capacity_limiter limiter(1);
  std::string trace;
  co_await limiter.acquire();
  auto first = hocket::create_task(borrow_and_note(limiter, trace, 'a'));
  auto second = hocket::create_task(borrow_and_note(limiter, trace, 'b'));
  co_await wait_all_tasks_blocked();
  limiter.release();
  EXPECT_FALSE(limiter.acquire_nowait());
  co_await second;
  EXPECT_EQ(trace, "ab");
}

HOCKET_TEST(capacity_limiter, takes_a_token_at_once_or_not_at_all) {
  hocket::capacity_limiter limiter(1);
  int somebody = 0;
  EXPECT_TRUE(limiter.acquire_nowait());
  EXPECT_FALSE(limiter.acquire_on_behalf_of_nowait(&somebody));
  limiter.release();
  EXPECT_TRUE(limiter.acquire_on_behalf_of_nowait(&somebody));
  co_return;
}

HOCKET_TEST(capacity_limiter, lends_nobody_a_second_token) {
  hocket::capacity_limiter limiter(3);
  co_await limiter.acquire();
  EXPECT_THROW(co_await limiter.acquire(), hocket::invalid_state_error);
  EXPECT_THROW(limiter.acquire_nowait(), hocket::invalid_state_error);
  EXPECT_EQ(limiter.borrowed_tokens(), 1U);
}

HOCKET_TEST(capacity_limiter, lends_nobody_a_second_token_that_he_was_waiting_for) {
  hocket::capacity_limiter limiter(1);
  const int object = 0;
  co_await limiter.acquire();
  auto first = hocket::create_task(limiter.acquire_on_behalf_of(&object));
  auto second = hocket::create_task(limiter.acquire_on_behalf_of(&object));
  co_await wait_all_tasks_blocked();
  limiter.set_total_tokens(3);
  co_await first;
  const auto outcome = co_await hocket::as_result(second);
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::invalid_state_error);
  EXPECT_EQ(limiter.borrowed_tokens(), 2U);
}

HOCKET_TEST(capacity_limiter, takes_back_only_what_it_lent) {
  hocket::capacity_limiter limiter(1);
  EXPECT_THROW(limiter.release(), hocket::invalid_state_error);
  const int object = 0;
  co_await limiter.acquire_on_behalf_of(&object);
  EXPECT_THROW(limiter.release(), hocket::invalid_state_error);
  limiter.release_on_behalf_of(&object);
  EXPECT_EQ(limiter.borrowed_tokens(), 0U);
}

HOCKET_TEST(capacity_limiter, lends_to_a_task_on_behalf_of_which_another_one_asks) {
  hocket::capacity_limiter limiter(2);
  auto give_back = [&]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    limiter.release();
  };
  auto worker = hocket::create_task(give_back());
  co_await limiter.acquire_on_behalf_of(worker);
  EXPECT_THROW(limiter.release(), hocket::invalid_state_error);
  co_await worker;
  EXPECT_EQ(limiter.borrowed_tokens(), 0U);
}

HOCKET_TEST(capacity_limiter, takes_a_scoped_token_back_from_its_borrower_wherever_it_goes_out_of_scope) {
  hocket::capacity_limiter limiter(1);
  std::optional<hocket::capacity_limiter::token> kept;
  auto borrow = [&]() -> hocket::coro<void> { kept.emplace(co_await limiter.scoped_acquire()); };
  co_await hocket::create_task(borrow());
  EXPECT_EQ(limiter.borrowed_tokens(), 1U);
  kept.reset();
  EXPECT_EQ(limiter.borrowed_tokens(), 0U);
}

// ---- the size

HOCKET_TEST(capacity_limiter, lends_new_tokens_to_those_who_wait) {
  hocket::capacity_limiter limiter(0);
  std::string trace;
  auto first = hocket::create_task(borrow_and_note(limiter, trace, 'a'));
  auto second = hocket::create_task(borrow_and_note(limiter, trace, 'b'));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "");
  limiter.set_total_tokens(2);
  EXPECT_EQ(limiter.borrowed_tokens(), 2U);
  co_await second;
  EXPECT_EQ(trace, "ab");
}

HOCKET_TEST(capacity_limiter, lends_nothing_until_fewer_are_out_than_there_are) {
  hocket::capacity_limiter limiter(2);
  const int objects[2] = {};
  for (const int& each : objects) co_await limiter.acquire_on_behalf_of(&each);
  limiter.set_total_tokens(1);
  EXPECT_EQ(limiter.total_tokens(), 1U);
  EXPECT_EQ(limiter.available_tokens(), 0U);
  auto waiter = hocket::create_task(limiter.acquire());
  co_await wait_all_tasks_blocked();
  limiter.release_on_behalf_of(&objects[0]);
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiter.done());
  limiter.release_on_behalf_of(&objects[1]);
  co_await waiter;
  limiter.release_on_behalf_of(waiter);
}

HOCKET_TEST(capacity_limiter, tells_how_it_stands) {
  hocket::capacity_limiter limiter(1);
  co_await limiter.acquire();
  auto waiter = hocket::create_task(limiter.acquire());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(limiter.statistics().borrowed_tokens, 1U);
  EXPECT_EQ(limiter.statistics().total_tokens, 1U);
  EXPECT_EQ(limiter.statistics().tasks_waiting, 1U);
  waiter.cancel();
  EXPECT_EQ(limiter.statistics().tasks_waiting, 0U);
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

// ---- cancellation

HOCKET_TEST(capacity_limiter, forgets_a_cancelled_waiter) {
  hocket::capacity_limiter limiter(1);
  std::string trace;
  co_await limiter.acquire();
  auto first = hocket::create_task(borrow_and_note(limiter, trace, 'a'));
  auto second = hocket::create_task(borrow_and_note(limiter, trace, 'b'));
  co_await wait_all_tasks_blocked();
  first.cancel();
  limiter.release();
  co_await second;
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(capacity_limiter, hands_the_token_of_a_woken_and_cancelled_waiter_to_the_next) {
  hocket::capacity_limiter limiter(1);
  std::string trace;
  co_await limiter.acquire();
  auto first = hocket::create_task(borrow_and_note(limiter, trace, 'a'));
  auto second = hocket::create_task(borrow_and_note(limiter, trace, 'b'));
  co_await wait_all_tasks_blocked();
  limiter.release();
  first.cancel();
  co_await second;
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(trace, "b");
}

TEST(capacity_limiter, has_all_its_tokens_after_a_cancellation_at_any_suspension) {
  std::size_t out = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::capacity_limiter limiter(2);
    auto work = [&limiter]() -> hocket::coro<void> {
      for (int n = 0; n < 2; ++n) {
        auto token = co_await limiter.scoped_acquire();
        co_await hocket::sleep(1s);
      }
    };
    try {
      co_await hocket::gather(work(), work(), work(), work());
    } catch (...) {
      out += limiter.borrowed_tokens();
      throw;
    }
    out += limiter.borrowed_tokens();
  });
  EXPECT_EQ(out, 0U);
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
