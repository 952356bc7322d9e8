#include <stdexcept>

#include <gtest/gtest.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>

using namespace std::chrono_literals;
using hocket::testing::cancel_at_every_suspension;

namespace {

TEST(cancel_everywhere, runs_once_for_each_suspension_and_once_undisturbed) {
  const auto report = cancel_at_every_suspension([]() -> hocket::coro<void> {
    for (int n = 0; n < 3; ++n) co_await hocket::sleep(1s);
  });
  EXPECT_EQ(report.runs, 4U);
  EXPECT_EQ(report.cancelled, 3U);
}

TEST(cancel_everywhere, counts_the_suspensions_of_every_task) {
  const auto report = cancel_at_every_suspension([]() -> hocket::coro<void> {
    co_await hocket::gather(hocket::sleep(1s), hocket::sleep(1s));  // two sleeps and the gather
  });
  EXPECT_EQ(report.runs, 4U);
}

TEST(cancel_everywhere, does_not_count_awaits_that_need_not_wait) {
  const auto report = cancel_at_every_suspension([]() -> hocket::coro<void> {
    hocket::queue<int> jobs;
    co_await jobs.put(1);
    static_cast<void>(co_await jobs.get());
  });
  EXPECT_EQ(report.runs, 1U);
  EXPECT_EQ(report.cancelled, 0U);
}

TEST(cancel_everywhere, notices_a_scenario_that_swallows_the_cancellation) {
  const auto report = cancel_at_every_suspension(
      []() -> hocket::coro<void> { static_cast<void>(co_await hocket::as_result(hocket::sleep(1s))); });
  EXPECT_EQ(report.runs, 2U);
  EXPECT_EQ(report.cancelled, 0U);
}

TEST(cancel_everywhere, lets_other_exceptions_out) {
  const auto fail_when_cancelled = []() -> hocket::coro<void> {
    if (!(co_await hocket::as_result(hocket::sleep(1s))).has_value()) throw std::runtime_error("broken");
  };
  EXPECT_THROW(static_cast<void>(cancel_at_every_suspension(fail_when_cancelled)), hocket::error);
}

TEST(cancel_everywhere, says_where_a_failing_scenario_was_cancelled) {
  const auto fail_when_cancelled = []() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    if (!(co_await hocket::as_result(hocket::sleep(1s))).has_value()) throw std::runtime_error("broken");
  };
  try {
    static_cast<void>(cancel_at_every_suspension(fail_when_cancelled));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const hocket::error& problem) {
    EXPECT_STREQ(problem.what(), "cancelled at suspension 2: broken");
    EXPECT_THROW(std::rethrow_if_nested(problem), std::runtime_error);
  }
}

TEST(cancel_everywhere, cancels_by_a_scope_so_that_cleaning_up_is_cancelled_too) {
  const auto clean_up_slowly = []() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1s));
    co_await hocket::sleep(1s);
    if (!outcome.has_value()) throw std::runtime_error("cleaned up");
  };
  EXPECT_THROW(static_cast<void>(cancel_at_every_suspension(clean_up_slowly)), hocket::error);
  const auto report = cancel_at_every_suspension(clean_up_slowly, {}, hocket::testing::cancel_by::scope);
  EXPECT_EQ(report.runs, 3U);
  EXPECT_EQ(report.cancelled, 2U);
}

TEST(cancel_everywhere, notices_a_run_that_does_not_end) {
  const auto stuck_when_cancelled = []() -> hocket::coro<void> {
    const hocket::future<void> never;
    if (!(co_await hocket::as_result(hocket::sleep(1s))).has_value()) co_await never;
  };
  EXPECT_THROW(static_cast<void>(cancel_at_every_suspension(stuck_when_cancelled)), hocket::error);
}

TEST(cancel_everywhere, counts_tasks_that_are_left_running) {
  const auto report = cancel_at_every_suspension([]() -> hocket::coro<void> {
    auto forgotten = hocket::create_task(hocket::sleep(1h));
    co_await hocket::sleep(1s);
    forgotten.cancel();
    static_cast<void>(co_await hocket::as_result(std::move(forgotten)));
  });
  EXPECT_EQ(report.leaked_tasks, 2U);  // cancelled while both sleep: at the first suspension and at the second
  EXPECT_EQ(report.leaked_blocks, 0U);
}

TEST(cancel_everywhere, leaves_nothing_behind_of_a_program_that_uses_everything) {
  const auto report = cancel_at_every_suspension([]() -> hocket::coro<void> {
    hocket::queue<int> jobs(1);
    auto produce = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 3; ++n) co_await jobs.put(n);
    };
    auto consume = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 3; ++n) static_cast<void>(co_await jobs.get());
    };
    co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
      group.create_task(produce());
      co_await hocket::sleep(1s);
      co_await consume();
    });
    const hocket::future<int> answer;
    hocket::loop::running().call_later(1s, [answer] {
      if (!answer.done()) answer.set_result(7);
    });
    EXPECT_EQ(co_await answer, 7);
    co_await hocket::gather(hocket::sleep(1s), hocket::sleep(2s));
  });
  EXPECT_GT(report.runs, 7U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_TRUE(report.none()) << report.to_string();
}

}  // namespace
