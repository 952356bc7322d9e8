#include <memory>
#include <optional>
#include <vector>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/sync/lifo_queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using hocket::testing::wait_all_tasks_blocked;

namespace {

HOCKET_TEST(lifo_queue, gives_the_item_that_was_put_last) {
  hocket::lifo_queue<int> jobs;
  for (int n = 0; n < 3; ++n) co_await jobs.put(n);
  EXPECT_EQ(co_await jobs.get(), 2);
  co_await jobs.put(7);
  EXPECT_EQ(co_await jobs.get(), 7);
  EXPECT_EQ(co_await jobs.get(), 1);
  EXPECT_EQ(jobs.get_nowait(), 0);
  EXPECT_EQ(jobs.get_nowait(), std::nullopt);
}

HOCKET_TEST(lifo_queue, makes_a_putter_wait_for_a_place) {
  hocket::lifo_queue<std::unique_ptr<int>> jobs(1);
  co_await jobs.put(std::make_unique<int>(1));
  auto putter = hocket::create_task(jobs.put(std::make_unique<int>(2)));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(putter.done());
  EXPECT_EQ(*co_await jobs.get(), 1);
  co_await putter;
  EXPECT_EQ(*co_await jobs.get(), 2);
}

TEST(lifo_queue, neither_loses_nor_doubles_an_item_when_cancelled_at_any_suspension) {
  int wrong = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::lifo_queue<int> jobs(1);
    int put = 0;
    int got = 0;
    auto produce = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 4; ++n) {
        co_await jobs.put(n);
        ++put;
      }
    };
    auto consume = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 4; ++n) {
        static_cast<void>(co_await jobs.get());
        ++got;
      }
    };
    const auto check = [&] {
      wrong += static_cast<std::size_t>(put) == static_cast<std::size_t>(got) + jobs.qsize() ? 0 : 1;
    };
    try {
      co_await hocket::gather(produce(), consume());
    } catch (...) {
      check();
      throw;
    }
    check();
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(report.runs, 5U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
