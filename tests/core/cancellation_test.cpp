#include <string>
#include <vector>

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

/// Sleeps for an hour as often as it is cancelled, and counts.
hocket::coro<void> swallow_cancellations(int how_many, int& swallowed) {
  while (swallowed < how_many) {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      ++swallowed;
    }
  }
}

HOCKET_TEST(cancellation, before_the_first_step_never_runs_the_body) {
  bool ran = false;
  auto body = [&ran]() -> hocket::coro<void> {
    ran = true;
    co_return;
  };
  auto work = hocket::create_task(body());
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_FALSE(ran);
}

HOCKET_TEST(cancellation, taken_back_before_the_first_step_lets_the_body_run) {
  bool ran = false;
  auto body = [&ran]() -> hocket::coro<void> {
    ran = true;
    co_return;
  };
  auto work = hocket::create_task(body());
  work.cancel();
  EXPECT_EQ(work.uncancel(), 0U);
  co_await work;
  EXPECT_TRUE(ran);
}

HOCKET_TEST(cancellation, ends_a_sleep_at_once) {
  const auto begin = hocket::loop::running().time();
  auto work = hocket::create_task(hocket::sleep(1h));
  co_await hocket::sleep(1s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
}

HOCKET_TEST(cancellation, of_a_task_that_has_ended_is_refused) {
  auto work = hocket::create_task(hocket::sleep({}));
  co_await work;
  EXPECT_FALSE(work.cancel());
  EXPECT_FALSE(work.was_cancelled());
}

HOCKET_TEST(cancellation, does_nothing_until_the_task_waits) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    hocket::current_task().cancel();
    trace += "still here,";
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      trace += " not any more";
      throw;
    }
  };
  auto work = hocket::create_task(body());
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "still here, not any more");
}

HOCKET_TEST(cancellation, of_a_task_that_then_returns_makes_it_cancelled) {
  auto body = []() -> hocket::coro<int> {
    hocket::current_task().cancel();
    co_return 7;
  };
  EXPECT_TRUE(co_await ends_cancelled(hocket::create_task(body())));
}

HOCKET_TEST(cancellation, is_delivered_once_for_each_request) {
  int swallowed = 0;
  auto work = hocket::create_task(swallow_cancellations(3, swallowed));
  for (int n = 1; n <= 3; ++n) {
    co_await wait_all_tasks_blocked();
    EXPECT_EQ(swallowed, n - 1);
    work.cancel();
  }
  co_await work;
  EXPECT_EQ(swallowed, 3);
}

HOCKET_TEST(cancellation, requested_twice_before_delivery_is_delivered_once) {
  int swallowed = 0;
  auto work = hocket::create_task(swallow_cancellations(2, swallowed));
  co_await wait_all_tasks_blocked();
  work.cancel();
  work.cancel();
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(swallowed, 1);
  EXPECT_EQ(work.cancelling(), 2U);
  work.cancel();
  co_await work;
}

HOCKET_TEST(cancellation, that_is_swallowed_leaves_the_task_to_return_normally) {
  int swallowed = 0;
  auto work = hocket::create_task(swallow_cancellations(1, swallowed));
  co_await wait_all_tasks_blocked();
  work.cancel();
  co_await work;
  EXPECT_FALSE(work.was_cancelled());
  EXPECT_EQ(work.cancelling(), 1U);
}

HOCKET_TEST(cancellation, replaced_by_an_error_leaves_the_task_failed) {
  auto body = []() -> hocket::coro<void> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      throw hocket::error("no time to clean up");
    }
  };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_FALSE((co_await hocket::as_result(work)).has_value());
  EXPECT_FALSE(work.was_cancelled());
}

HOCKET_TEST(cancellation, taken_back_before_its_delivery_is_forgotten) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    hocket::current_task().cancel();
    EXPECT_EQ(hocket::current_task().uncancel(), 0U);
    co_await hocket::sleep(1s);
    trace += "slept";
  };
  co_await hocket::create_task(body());
  EXPECT_EQ(trace, "slept");
}

HOCKET_TEST(cancellation, of_two_requests_one_taken_back_is_still_delivered) {
  auto body = []() -> hocket::coro<void> {
    hocket::current_task().cancel();
    hocket::current_task().cancel();
    EXPECT_EQ(hocket::current_task().uncancel(), 1U);
    co_await hocket::sleep(1s);
  };
  EXPECT_TRUE(co_await ends_cancelled(hocket::create_task(body())));
}

HOCKET_TEST(cancellation, cannot_be_taken_back_more_often_than_requested) {
  auto work = hocket::create_task(hocket::sleep({}));
  EXPECT_EQ(work.uncancel(), 0U);
  EXPECT_EQ(work.uncancel(), 0U);
  EXPECT_EQ(work.cancelling(), 0U);
  co_await work;
}

HOCKET_TEST(cancellation, goes_on_to_the_task_that_is_awaited) {
  auto inner = hocket::create_task(hocket::sleep(1h));
  auto wait = [&inner]() -> hocket::coro<void> { co_await inner; };
  auto outer = hocket::create_task(wait());
  co_await wait_all_tasks_blocked();
  outer.cancel();
  EXPECT_TRUE(co_await ends_cancelled(outer));
  EXPECT_TRUE(inner.was_cancelled());
}

HOCKET_TEST(cancellation, that_the_awaited_task_swallows_is_served_by_it) {
  int swallowed = 0;
  auto inner = hocket::create_task(swallow_cancellations(1, swallowed));
  auto wait = [&inner]() -> hocket::coro<void> { co_await inner; };
  auto outer = hocket::create_task(wait());
  co_await wait_all_tasks_blocked();
  outer.cancel();
  co_await outer;
  EXPECT_EQ(swallowed, 1);
  EXPECT_FALSE(outer.was_cancelled());
}

HOCKET_TEST(cancellation, of_one_waiter_cancels_the_task_for_the_others_too) {
  auto shared = hocket::create_task(hocket::sleep(1h));
  auto wait = [&shared]() -> hocket::coro<void> { co_await shared; };
  auto first = hocket::create_task(wait());
  auto second = hocket::create_task(wait());
  co_await wait_all_tasks_blocked();
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(second));
  EXPECT_EQ(second.cancelling(), 0U);
  EXPECT_TRUE(first.was_cancelled());
}

HOCKET_TEST(cancellation, reaches_the_end_of_a_long_chain_of_tasks) {
  struct chain {
    static hocket::coro<void> link(int left) {
      if (left == 0)
        co_await hocket::sleep(1h);
      else
        co_await hocket::create_task(link(left - 1));
    }
  };
  auto work = hocket::create_task(chain::link(10'000));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(cancellation, in_the_turn_in_which_the_awaited_task_ended_is_thrown_all_the_same) {
  auto inner = hocket::create_task(hocket::sleep(1s));
  auto wait = [&inner]() -> hocket::coro<void> { co_await inner; };
  hocket::task<void> outer;
  inner.add_done_callback([&outer] { outer.cancel(); });  // stands before the waiter
  outer = hocket::create_task(wait());
  EXPECT_TRUE(co_await ends_cancelled(outer));
  EXPECT_FALSE(inner.was_cancelled());
}

HOCKET_TEST(cancellation, does_not_stop_a_wait_that_has_ended_but_is_thrown_at_its_end) {
  const hocket::future<int> answer;
  std::string trace;
  auto wait = [&]() -> hocket::coro<void> { trace += std::to_string(co_await answer); };
  auto work = hocket::create_task(wait());
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "");
  EXPECT_FALSE(answer.was_cancelled());
}

HOCKET_TEST(cancellation, waits_for_what_the_task_awaits_while_it_cleans_up) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(5s);
    trace += "clean";
    std::rethrow_exception(outcome.error());
  };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  const auto begin = hocket::loop::running().time();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "clean");
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(cancellation, can_arrive_again_while_the_task_cleans_up) {
  auto body = []() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(1h);
    std::rethrow_exception(outcome.error());
  };
  auto work = hocket::create_task(body());
  const auto begin = hocket::loop::running().time();
  for (int n = 0; n < 2; ++n) {
    co_await wait_all_tasks_blocked();
    work.cancel();
  }
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(hocket::loop::running().time(), begin);
}

TEST(cancellation, at_any_suspension_of_nested_tasks_ends_them_all) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    struct tree {
      static hocket::coro<void> grow(int depth) {
        co_await hocket::sleep(1s);
        if (depth == 0) co_return;
        auto branch = hocket::create_task(grow(depth - 1));
        co_await branch;
        co_await grow(depth - 1);
      }
    };
    co_await tree::grow(3);
  });
  EXPECT_GE(report.runs, 15U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

TEST(operation_death_test, ends_the_program_that_destroys_a_frame_that_waits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  struct eager {
    struct promise_type {
      eager get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_never initial_suspend() { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() {}
    };
    std::coroutine_handle<> frame;
    static eager start() { co_await hocket::sleep(1h); }
  };
  const auto misuse = []() -> hocket::coro<void> {
    const eager waiting = eager::start();
    waiting.frame.destroy();
    co_return;
  };
  EXPECT_DEATH(hocket::run(misuse()), "a frame was destroyed while it waited for an operation");
}

}  // namespace
