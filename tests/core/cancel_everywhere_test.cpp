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
  EXPECT_THROW(cancel_at_every_suspension(fail_when_cancelled), std::runtime_error);
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
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
