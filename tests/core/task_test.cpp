#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;

namespace {

hocket::coro<int> one() { co_return 1; }

hocket::coro<int> nested(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nested(depth - 1);
}

HOCKET_TEST(coro, a_million_sequential_awaits_that_complete_at_once_do_not_grow_the_stack) {
  int sum = 0;
  for (int n = 0; n < 1'000'000; ++n) sum += co_await one();
  EXPECT_EQ(sum, 1'000'000);
}

HOCKET_TEST(coro, awaits_nest_a_hundred_thousand_deep) { EXPECT_EQ(co_await nested(100'000), 100'000); }

HOCKET_TEST(task, sleepers_interleave) {
  std::string trace;
  auto count = [&trace]() -> hocket::coro<void> {
    trace += '1';
    co_await hocket::sleep(1s);
    trace += '2';
  };
  const auto begin = hocket::loop::running().time();
  co_await hocket::gather(count(), count(), count());
  EXPECT_EQ(trace, "111222");
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
}

HOCKET_TEST(task, cancelled_before_its_first_step_never_runs) {
  bool ran = false;
  auto body = [&ran]() -> hocket::coro<void> {
    ran = true;
    co_return;
  };
  auto work = hocket::create_task(body());
  work.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(work));
  EXPECT_FALSE(ran);
}

HOCKET_TEST(timeout, becomes_a_timeout_error) {
  bool timed_out = false;
  try {
    co_await hocket::wait_for(hocket::sleep(1h), 5s);
  } catch (const hocket::timeout_error&) {
    timed_out = true;
  }
  EXPECT_TRUE(timed_out);
}

HOCKET_TEST(task_group, waits_for_its_children) {
  int ended = 0;
  auto child = [&ended](int seconds) -> hocket::coro<void> {
    co_await hocket::sleep(std::chrono::seconds(seconds));
    ++ended;
  };
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    for (int n = 1; n <= 3; ++n) group.create_task(child(n));
    co_return;
  });
  EXPECT_EQ(ended, 3);
}

HOCKET_TEST(to_thread, gives_the_result) {
  const int answer = co_await hocket::to_thread([](int n) { return n * 2; }, 21);
  EXPECT_EQ(answer, 42);
}

HOCKET_TEST(queue, hands_items_over_in_order) {
  hocket::queue<int> jobs(2);
  std::vector<int> got;
  auto consume = [&]() -> hocket::coro<void> {
    for (;;) {
      got.push_back(co_await jobs.get());
      jobs.task_done();
    }
  };
  auto consumer = hocket::create_task(consume());
  for (int n = 0; n < 5; ++n) co_await jobs.put(n);
  co_await jobs.join();
  consumer.cancel();
  EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4}));
}

TEST(cancel_everywhere, leaves_nothing_behind) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
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
    co_await hocket::gather(hocket::sleep(1s), hocket::sleep(2s));
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_GT(report.runs, 6U);
}

}  // namespace
