#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/gather.hpp>
#include <hocket/sync/priority_queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using hocket::testing::wait_all_tasks_blocked;

namespace {

struct job {
  int priority;
  std::string name;
};
struct by_priority {
  bool operator()(const job& a, const job& b) const noexcept { return a.priority < b.priority; }
};

HOCKET_TEST(priority_queue, gives_the_smallest_item_first) {
  hocket::priority_queue<int> jobs;
  for (const int n : {5, 1, 4, 2, 3}) co_await jobs.put(n);
  std::vector<int> got;
  while (auto next = jobs.get_nowait()) got.push_back(*next);
  EXPECT_EQ(got, (std::vector{1, 2, 3, 4, 5}));
}

HOCKET_TEST(priority_queue, gives_equal_items_in_the_order_in_which_they_were_put) {
  hocket::priority_queue<job, by_priority> jobs;
  for (int n = 0; n < 20; ++n) jobs.put_nowait(job{n % 2, std::to_string(n / 2)});
  for (int priority = 0; priority < 2; ++priority) {
    for (int n = 0; n < 10; ++n) {
      const job next = co_await jobs.get();
      EXPECT_EQ(next.priority, priority);
      EXPECT_EQ(next.name, std::to_string(n));
    }
  }
}

HOCKET_TEST(priority_queue, goes_by_the_order_that_it_is_given) {
  hocket::priority_queue<int, std::greater<>> jobs;
  for (const int n : {1, 3, 2}) jobs.put_nowait(n);
  EXPECT_EQ(co_await jobs.get(), 3);
}

HOCKET_TEST(priority_queue, gives_a_getter_that_waited_the_smallest_item_there_is_when_it_runs) {
  hocket::priority_queue<int> jobs;
  auto getter = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.put_nowait(2);
  jobs.put_nowait(1);
  EXPECT_EQ(co_await getter, 1);
}

TEST(priority_queue, neither_loses_nor_doubles_an_item_when_cancelled_at_any_suspension) {
  int wrong = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::priority_queue<int> jobs(2);
    int put = 0;
    int got = 0;
    auto produce = [&]() -> hocket::coro<void> {
      for (int n = 6; n > 0; --n) {
        co_await jobs.put(n);
        ++put;
      }
    };
    auto consume = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 3; ++n) {
        static_cast<void>(co_await jobs.get());
        ++got;
      }
    };
    const auto check = [&] { wrong += put == got + static_cast<int>(jobs.qsize()) ? 0 : 1; };
    try {
      co_await hocket::gather(consume(), produce(), consume());
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
