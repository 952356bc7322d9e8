#include <memory>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

template <class T>
hocket::coro<bool> was_refused(hocket::task<T> work) {
  try {
    co_await work;
  } catch (const hocket::queue_shut_down&) {
    co_return true;
  }
  co_return false;
}

HOCKET_TEST(queue_shutdown, refuses_what_is_put_afterwards) {
  hocket::queue<int> jobs;
  jobs.shutdown();
  EXPECT_THROW(co_await jobs.put(1), hocket::queue_shut_down);
  EXPECT_THROW(jobs.put_nowait(1), hocket::queue_shut_down);
  EXPECT_TRUE(jobs.empty());
}

HOCKET_TEST(queue_shutdown, refuses_to_add_to_a_full_queue_without_waiting) {
  hocket::queue<int> jobs(1);
  jobs.put_nowait(1);
  jobs.shutdown();
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_THROW(co_await jobs.put(2), hocket::queue_shut_down);
  EXPECT_THROW(jobs.put_nowait(2), hocket::queue_shut_down);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(queue_shutdown, lets_getters_drain_what_is_left) {
  hocket::queue<int> jobs;
  for (int n = 1; n <= 2; ++n) jobs.put_nowait(n);
  jobs.shutdown();
  EXPECT_EQ(co_await jobs.get(), 1);
  EXPECT_EQ(jobs.get_nowait(), 2);
  EXPECT_THROW(static_cast<void>(co_await jobs.get()), hocket::queue_shut_down);
  EXPECT_THROW(static_cast<void>(jobs.get_nowait()), hocket::queue_shut_down);
}

HOCKET_TEST(queue_shutdown, wakes_all_getters) {
  hocket::queue<int> jobs;
  auto first = hocket::create_task(jobs.get());
  auto second = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.shutdown();
  EXPECT_TRUE(co_await was_refused(first));
  EXPECT_TRUE(co_await was_refused(second));
}

HOCKET_TEST(queue_shutdown, gives_an_item_to_the_getter_that_it_had_woken) {
  hocket::queue<int> jobs;
  auto first = hocket::create_task(jobs.get());
  auto second = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.put_nowait(7);
  jobs.shutdown();
  EXPECT_EQ(co_await first, 7);
  EXPECT_TRUE(co_await was_refused(second));
}

HOCKET_TEST(queue_shutdown, refuses_putters_that_wait) {
  hocket::queue<int> jobs(1);
  jobs.put_nowait(1);
  auto first = hocket::create_task(jobs.put(2));
  auto second = hocket::create_task(jobs.put(3));
  co_await wait_all_tasks_blocked();
  jobs.shutdown();
  EXPECT_TRUE(co_await was_refused(first));
  EXPECT_TRUE(co_await was_refused(second));
  EXPECT_EQ(jobs.qsize(), 1U);
}

HOCKET_TEST(queue_shutdown, refuses_a_putter_that_had_been_woken) {
  hocket::queue<int> jobs(1);
  jobs.put_nowait(1);
  auto putter = hocket::create_task(jobs.put(2));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(jobs.get_nowait(), 1);  // wakes it
  jobs.shutdown();
  EXPECT_TRUE(co_await was_refused(putter));
  EXPECT_TRUE(jobs.empty());
}

HOCKET_TEST(queue_shutdown, cancels_a_getter_that_is_woken_and_cancelled) {
  hocket::queue<int> jobs;
  auto getter = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.shutdown();
  getter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(getter));
}

HOCKET_TEST(queue_shutdown, keeps_join_waiting_for_what_was_put) {
  hocket::queue<int> jobs;
  jobs.put_nowait(1);
  auto joined = hocket::create_task(jobs.join());
  jobs.shutdown();
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(joined.done());
  static_cast<void>(jobs.get_nowait());
  jobs.task_done();
  co_await joined;
}

HOCKET_TEST(queue_shutdown, may_be_called_twice) {
  hocket::queue<int> jobs;
  jobs.put_nowait(1);
  jobs.shutdown();
  jobs.shutdown();
  EXPECT_EQ(co_await jobs.get(), 1);
}

// ---- immediate

HOCKET_TEST(queue_shutdown, drops_what_is_left_if_immediate) {
  hocket::queue<std::shared_ptr<int>> jobs;
  const auto item = std::make_shared<int>(7);
  for (int n = 0; n < 3; ++n) jobs.put_nowait(item);
  jobs.shutdown(hocket::immediate);
  EXPECT_EQ(item.use_count(), 1);
  EXPECT_THROW(static_cast<void>(co_await jobs.get()), hocket::queue_shut_down);
}

HOCKET_TEST(queue_shutdown, unblocks_join_if_immediate) {
  hocket::queue<int> jobs;
  for (int n = 0; n < 3; ++n) jobs.put_nowait(n);
  auto joined = hocket::create_task(jobs.join());
  co_await wait_all_tasks_blocked();
  jobs.shutdown(hocket::immediate);
  co_await joined;
}

HOCKET_TEST(queue_shutdown, leaves_items_in_work_unfinished_if_immediate) {
  hocket::queue<int> jobs;
  for (int n = 0; n < 3; ++n) jobs.put_nowait(n);
  static_cast<void>(jobs.get_nowait());
  auto joined = hocket::create_task(jobs.join());
  jobs.shutdown(hocket::immediate);
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(joined.done());
  jobs.task_done();
  co_await joined;
  EXPECT_THROW(jobs.task_done(), hocket::invalid_state_error);
}

HOCKET_TEST(queue_shutdown, refuses_a_getter_whose_item_was_dropped_if_immediate) {
  hocket::queue<int> jobs;
  auto getter = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.put_nowait(7);  // wakes it
  jobs.shutdown(hocket::immediate);
  EXPECT_TRUE(co_await was_refused(getter));
}

HOCKET_TEST(queue_shutdown, drops_what_an_earlier_one_had_left_if_immediate) {
  hocket::queue<int> jobs;
  jobs.put_nowait(1);
  jobs.shutdown();
  jobs.shutdown(hocket::immediate);
  EXPECT_TRUE(jobs.empty());
  co_await jobs.join();
}

TEST(queue_shutdown, neither_loses_nor_doubles_an_item_when_cancelled_at_any_suspension) {
  int wrong = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::queue<int> jobs(1);
    int put = 0;
    int got = 0;
    auto produce = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 4; ++n) {
        co_await jobs.put(n);
        ++put;
      }
      jobs.shutdown();
    };
    auto consume = [&]() -> hocket::coro<void> {
      try {
        for (;;) {
          static_cast<void>(co_await jobs.get());
          ++got;
        }
      } catch (const hocket::queue_shut_down&) {
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
