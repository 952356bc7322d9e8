#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

template <class Awaitable>
hocket::coro<bool> times_out(Awaitable work) {
  try {
    co_await std::move(work);
  } catch (const hocket::timeout_error&) {
    co_return true;
  }
  co_return false;
}

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

hocket::coro<std::string> seven() {
  co_await hocket::sleep(1s);
  co_return "seven";
}

HOCKET_TEST(timeout, becomes_a_timeout_error) {
  const auto begin = now();
  EXPECT_TRUE(co_await times_out(hocket::with_timeout(5s, hocket::sleep(1h))));
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(timeout, gives_the_result_of_a_body_that_is_quick_enough) {
  auto seven = []() -> hocket::coro<int> {
    co_await hocket::sleep(1s);
    co_return 7;
  };
  EXPECT_EQ(co_await hocket::with_timeout(5s, seven()), 7);
}

HOCKET_TEST(timeout, may_be_given_as_a_deadline) {
  const auto begin = now();
  EXPECT_TRUE(co_await times_out(hocket::with_timeout_at(hocket::loop::running().time() + 5s, hocket::sleep(1h))));
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(timeout, at_no_deadline_never_fires) {
  EXPECT_EQ(co_await hocket::with_timeout_at(std::nullopt, seven()), "seven");
}

HOCKET_TEST(timeout, tells_its_deadline_once_it_runs) {
  hocket::timeout limit(5s);
  EXPECT_EQ(limit.when(), std::nullopt);
  const auto begin = hocket::loop::running().time();
  co_await limit.run(hocket::sleep(1s));
  EXPECT_EQ(limit.when(), begin + 5s);
}

HOCKET_TEST(timeout, passes_the_bodys_own_exception_on) {
  auto fail = []() -> hocket::coro<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  EXPECT_THROW(std::rethrow_exception((co_await hocket::as_result(hocket::with_timeout(5s, fail()))).error()),
               std::runtime_error);
}

HOCKET_TEST(timeout, leaves_no_timer_behind) {
  const auto begin = now();
  co_await hocket::with_timeout(1h, hocket::sleep(1s));
  co_await hocket::sleep(1s);
  EXPECT_EQ(now() - begin, 2s);
}

HOCKET_TEST(timeout, keeps_a_callable_body_alive_while_it_runs) {
  auto token = std::make_shared<int>(7);
  int seen = 0;
  co_await hocket::with_timeout(5s, [token, &seen]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    seen = *token;
  });
  EXPECT_EQ(seen, 7);
}

HOCKET_TEST(timeout, has_expired_only_if_time_ran_out) {
  hocket::timeout quick(5s);
  co_await quick.run(hocket::sleep(1s));
  EXPECT_FALSE(quick.expired());
  hocket::timeout slow(5s);
  EXPECT_TRUE(co_await times_out(slow.run(hocket::sleep(1h))));
  EXPECT_TRUE(slow.expired());
}

HOCKET_TEST(timeout, that_expires_counts_as_a_request_while_the_body_runs_and_not_after) {
  std::uint32_t inside = 0;
  auto body = [&inside]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    inside = hocket::current_task().cancelling();
    std::rethrow_exception(outcome.error());
  };
  EXPECT_TRUE(co_await times_out(hocket::with_timeout(5s, body)));
  EXPECT_EQ(inside, 1U);
  EXPECT_EQ(hocket::current_task().cancelling(), 0U);
}

HOCKET_TEST(timeout, is_forgiven_if_the_body_swallows_it_and_returns) {
  auto body = []() -> hocket::coro<int> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    co_return 7;
  };
  EXPECT_EQ(co_await hocket::with_timeout(5s, body), 7);
}

HOCKET_TEST(timeout, does_not_take_a_cancellation_for_its_own) {
  auto body = []() -> hocket::coro<void> { co_await hocket::with_timeout(5s, hocket::sleep(1h)); };
  auto work = hocket::create_task(body());
  co_await hocket::sleep(1s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(timeout, yields_to_a_cancellation_that_comes_in_the_same_turn) {
  auto body = []() -> hocket::coro<void> { co_await hocket::with_timeout(5s, hocket::sleep(1h)); };
  auto work = hocket::create_task(body());
  hocket::loop::running().call_later(5s, [&work] { work.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(timeout, yields_to_a_cancellation_that_comes_right_after_it) {
  auto body = []() -> hocket::coro<void> { co_await hocket::with_timeout(5s, hocket::sleep(1h)); };
  auto work = hocket::create_task(body());
  co_await hocket::sleep(0s);
  hocket::loop::running().call_later(5s, [&work] { work.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(timeout, is_reported_though_a_cancellation_was_swallowed_before_it_began) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    if (co_await times_out(hocket::with_timeout(5s, hocket::sleep(1h)))) trace += "timed out";
  };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  work.cancel();
  co_await work;
  EXPECT_EQ(trace, "timed out");
}

HOCKET_TEST(timeout, of_the_outer_of_two_that_expire_together_is_the_one_reported) {
  hocket::timeout outer(5s);
  hocket::timeout inner(5s);
  bool inner_reported = false;
  auto body = [&]() -> hocket::coro<void> {
    try {
      co_await inner.run(hocket::sleep(1h));
    } catch (const hocket::timeout_error&) {
      inner_reported = true;
      throw;
    }
  };
  EXPECT_TRUE(co_await times_out(outer.run(body)));
  EXPECT_FALSE(inner_reported);
  EXPECT_TRUE(inner.expired());
}

HOCKET_TEST(timeout, of_the_inner_one_alone_leaves_the_outer_one_running) {
  const auto begin = now();
  auto body = []() -> hocket::coro<void> {
    EXPECT_TRUE(co_await times_out(hocket::with_timeout(1s, hocket::sleep(1h))));
    co_await hocket::sleep(1h);
  };
  EXPECT_TRUE(co_await times_out(hocket::with_timeout(5s, body)));
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(timeout, fires_in_the_next_turn_if_its_deadline_has_passed) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    trace += "began";
    co_await hocket::sleep(1h);
  };
  hocket::timeout late(std::optional(hocket::loop::running().time() - 1s));
  EXPECT_TRUE(co_await times_out(late.run(body)));
  EXPECT_EQ(trace, "began");
}

HOCKET_TEST(timeout, without_limit_never_fires) {
  hocket::timeout endless(std::nullopt);
  co_await endless.run(hocket::sleep(24h));
  EXPECT_FALSE(endless.expired());
  EXPECT_EQ(endless.when(), std::nullopt);
}

HOCKET_TEST(timeout, can_be_given_a_later_deadline) {
  hocket::timeout limit(5s);
  auto body = [&limit]() -> hocket::coro<void> {
    co_await hocket::sleep(4s);
    limit.reschedule(*limit.when() + 5s);
    co_await hocket::sleep(4s);
  };
  EXPECT_FALSE(co_await times_out(limit.run(body)));
}

HOCKET_TEST(timeout, can_be_given_an_earlier_deadline) {
  const auto begin = now();
  hocket::timeout limit(1h);
  auto body = [&limit]() -> hocket::coro<void> {
    limit.reschedule(hocket::loop::running().time() + 1s);
    co_await hocket::sleep(1h);
  };
  EXPECT_TRUE(co_await times_out(limit.run(body)));
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(timeout, can_be_taken_away) {
  hocket::timeout limit(5s);
  auto body = [&limit]() -> hocket::coro<void> {
    limit.reschedule(std::nullopt);
    co_await hocket::sleep(1h);
  };
  EXPECT_FALSE(co_await times_out(limit.run(body)));
}

HOCKET_TEST(timeout, refuses_another_deadline_once_it_has_fired) {
  hocket::timeout limit(1s);
  EXPECT_TRUE(co_await times_out(limit.run(hocket::sleep(1h))));
  EXPECT_THROW(limit.reschedule(std::nullopt), hocket::invalid_state_error);
}

HOCKET_TEST(timeout, that_has_expired_starts_afresh_with_another_body) {
  hocket::timeout limit(5s);
  EXPECT_TRUE(co_await times_out(limit.run(hocket::sleep(1h))));
  co_await limit.run(hocket::sleep(1s));
  EXPECT_FALSE(limit.expired());
}

HOCKET_TEST(timeout, that_has_expired_does_not_take_a_later_cancellation_for_its_own) {
  hocket::timeout limit(5s);
  EXPECT_TRUE(co_await times_out(limit.run(hocket::sleep(1h))));
  auto other = hocket::create_task(hocket::sleep(1h));
  other.cancel();
  const auto outcome = co_await hocket::as_result(limit.run(other));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::cancelled);
}

HOCKET_TEST(timeout, leaves_a_task_its_result) {
  auto work = hocket::create_task(seven());
  EXPECT_EQ(co_await hocket::with_timeout(5s, work), "seven");
  EXPECT_EQ(work.result(), "seven");
}

// ---- wait_for

HOCKET_TEST(wait_for, cancels_what_takes_too_long_and_waits_until_it_has_ended) {
  std::string trace;
  auto slow = [&trace]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(3s);
    trace += "cleaned up";
    std::rethrow_exception(outcome.error());
  };
  const auto begin = now();
  EXPECT_TRUE(co_await times_out(hocket::wait_for(slow(), 5s)));
  EXPECT_EQ(trace, "cleaned up");
  EXPECT_EQ(now() - begin, 8s);
}

HOCKET_TEST(wait_for, cancels_the_task_that_it_waits_for) {
  auto work = hocket::create_task(hocket::sleep(1h));
  EXPECT_TRUE(co_await times_out(hocket::wait_for(work, 5s)));
  EXPECT_TRUE(work.was_cancelled());
}

HOCKET_TEST(wait_for, leaves_a_task_its_result) {
  auto work = hocket::create_task(seven());
  EXPECT_EQ(co_await hocket::wait_for(work, 5s), "seven");
  EXPECT_EQ(work.result(), "seven");
}

HOCKET_TEST(wait_for, waits_for_longer_than_the_clock_can_count) {
  EXPECT_EQ(co_await hocket::wait_for(seven(), std::chrono::hours::max()), "seven");
}

HOCKET_TEST(wait_for, never_starts_a_coroutine_if_there_is_no_time) {
  for (const auto limit : {0s, -1s}) {
    bool ran = false;
    auto body = [&ran]() -> hocket::coro<void> {
      ran = true;
      co_return;
    };
    EXPECT_TRUE(co_await times_out(hocket::wait_for(body(), limit)));
    EXPECT_FALSE(ran);
  }
}

HOCKET_TEST(wait_for, gives_the_result_of_a_finished_future_even_if_there_is_no_time) {
  const hocket::future<int> answer;
  answer.set_result(7);
  EXPECT_EQ(co_await hocket::wait_for(answer, 0s), 7);
}

HOCKET_TEST(wait_for, gives_the_result_of_a_finished_task_even_if_there_is_no_time) {
  auto seven = []() -> hocket::coro<int> { co_return 7; };
  auto work = hocket::create_task(seven());
  co_await work;
  EXPECT_EQ(co_await hocket::wait_for(work, 0s), 7);
}

HOCKET_TEST(wait_for, cancels_an_unfinished_task_if_there_is_no_time) {
  auto work = hocket::create_task(hocket::sleep(1h));
  EXPECT_TRUE(co_await times_out(hocket::wait_for(work, 0s)));
  EXPECT_TRUE(work.was_cancelled());
}

HOCKET_TEST(wait_for, cancels_an_unfinished_future_if_there_is_no_time) {
  const hocket::future<int> answer;
  EXPECT_TRUE(co_await times_out(hocket::wait_for(answer, 0s)));
  EXPECT_TRUE(answer.was_cancelled());
}

TEST(timeout, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    auto body = []() -> hocket::coro<void> {
      EXPECT_TRUE(co_await times_out(hocket::with_timeout(1s, hocket::sleep(1h))));
      co_await hocket::sleep(1s);
    };
    co_await hocket::with_timeout(1h, body);
    co_await hocket::wait_for(hocket::create_task(body()), 1h);
  });
  EXPECT_GE(report.runs, 6U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
