#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> get_and_note(hocket::queue<int>& jobs, std::vector<int>& got) { got.push_back(co_await jobs.get()); }

// ---- one after the other

HOCKET_TEST(queue, gives_items_in_the_order_in_which_they_were_put) {
  hocket::queue<int> jobs;
  for (int n = 0; n < 3; ++n) co_await jobs.put(n);
  std::vector<int> got;
  for (int n = 0; n < 3; ++n) got.push_back(co_await jobs.get());
  EXPECT_EQ(got, (std::vector{0, 1, 2}));
}

HOCKET_TEST(queue, does_not_suspend_who_need_not_wait) {
  hocket::queue<int> jobs(1);
  const auto turn = hocket::loop::running().counters().turns;
  co_await jobs.put(1);
  EXPECT_EQ(co_await jobs.get(), 1);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(queue, carries_items_that_can_only_be_moved) {
  hocket::queue<std::unique_ptr<int>> jobs;
  co_await jobs.put(std::make_unique<int>(7));
  EXPECT_EQ(*co_await jobs.get(), 7);
}

HOCKET_TEST(queue, says_how_full_it_is) {
  hocket::queue<int> jobs(2);
  EXPECT_TRUE(jobs.empty());
  EXPECT_EQ(jobs.maxsize(), 2U);
  co_await jobs.put(1);
  EXPECT_EQ(jobs.qsize(), 1U);
  EXPECT_FALSE(jobs.full());
  co_await jobs.put(2);
  EXPECT_TRUE(jobs.full());
}

HOCKET_TEST(queue, is_never_full_without_a_size) {
  hocket::queue<int> jobs;
  for (int n = 0; n < 10'000; ++n) EXPECT_TRUE(jobs.put_nowait(n));
  EXPECT_FALSE(jobs.full());
  co_return;
}

HOCKET_TEST(queue, has_nothing_to_give_at_once_when_it_is_empty) {
  hocket::queue<int> jobs;
  EXPECT_EQ(jobs.get_nowait(), std::nullopt);
  jobs.put_nowait(7);
  EXPECT_EQ(jobs.get_nowait(), 7);
  co_return;
}

HOCKET_TEST(queue, leaves_an_item_alone_for_which_it_has_no_place) {
  hocket::queue<std::unique_ptr<int>> jobs(1);
  jobs.put_nowait(std::make_unique<int>(1));
  auto refused = std::make_unique<int>(2);
  EXPECT_FALSE(jobs.put_nowait(std::move(refused)));
  EXPECT_NE(refused, nullptr);
  EXPECT_EQ(jobs.qsize(), 1U);
  co_return;
}

// ---- waiting

HOCKET_TEST(queue, makes_a_getter_wait_for_an_item) {
  hocket::queue<int> jobs;
  std::vector<int> got;
  auto getter = hocket::create_task(get_and_note(jobs, got));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(got.empty());
  jobs.put_nowait(7);
  co_await getter;
  EXPECT_EQ(got, (std::vector{7}));
}

HOCKET_TEST(queue, makes_a_putter_wait_for_a_place) {
  hocket::queue<int> jobs(1);
  co_await jobs.put(1);
  auto putter = hocket::create_task(jobs.put(2));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(putter.done());
  EXPECT_EQ(co_await jobs.get(), 1);
  co_await putter;
  EXPECT_EQ(co_await jobs.get(), 2);
}

HOCKET_TEST(queue, serves_getters_in_the_order_in_which_they_asked) {
  hocket::queue<int> jobs;
  auto first = hocket::create_task(jobs.get());
  auto second = hocket::create_task(jobs.get());
  auto third = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  for (int n = 1; n <= 3; ++n) jobs.put_nowait(n);
  EXPECT_EQ(co_await first, 1);
  EXPECT_EQ(co_await second, 2);
  EXPECT_EQ(co_await third, 3);
}

HOCKET_TEST(queue, serves_putters_in_the_order_in_which_they_asked) {
  hocket::queue<int> jobs(1);
  co_await jobs.put(0);
  std::vector<hocket::task<void>> putters;
  for (int n = 1; n <= 3; ++n) putters.push_back(hocket::create_task(jobs.put(n)));
  co_await wait_all_tasks_blocked();
  std::vector<int> got;
  for (int n = 0; n <= 3; ++n) got.push_back(co_await jobs.get());
  EXPECT_EQ(got, (std::vector{0, 1, 2, 3}));
}

HOCKET_TEST(queue, makes_a_getter_wait_again_when_somebody_was_quicker) {
  hocket::queue<int> jobs;
  auto slow = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.put_nowait(1);  // wakes `slow`, which has not run yet
  EXPECT_EQ(jobs.get_nowait(), 1);
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(slow.done());
  jobs.put_nowait(2);
  EXPECT_EQ(co_await slow, 2);
}

HOCKET_TEST(queue, makes_a_putter_wait_again_when_somebody_was_quicker) {
  hocket::queue<int> jobs(1);
  jobs.put_nowait(1);
  auto slow = hocket::create_task(jobs.put(3));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(jobs.get_nowait(), 1);  // wakes `slow`
  EXPECT_TRUE(jobs.put_nowait(2));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(slow.done());
  EXPECT_EQ(jobs.get_nowait(), 2);
  co_await slow;
  EXPECT_EQ(jobs.get_nowait(), 3);
}

// ---- cancellation

HOCKET_TEST(queue, gives_an_item_meant_for_a_cancelled_getter_to_the_next_one) {
  hocket::queue<int> jobs;
  auto first = hocket::create_task(jobs.get());
  auto second = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.put_nowait(7);  // wakes `first`, which has not run yet
  first.cancel();
  EXPECT_EQ(co_await second, 7);
  EXPECT_TRUE(co_await ends_cancelled(first));
}

HOCKET_TEST(queue, keeps_an_item_meant_for_a_cancelled_getter_if_nobody_else_waits) {
  hocket::queue<int> jobs;
  auto getter = hocket::create_task(jobs.get());
  co_await wait_all_tasks_blocked();
  jobs.put_nowait(7);
  getter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(getter));
  EXPECT_EQ(jobs.get_nowait(), 7);
}

HOCKET_TEST(queue, gives_a_place_meant_for_a_cancelled_putter_to_the_next_one) {
  hocket::queue<int> jobs(1);
  jobs.put_nowait(0);
  auto first = hocket::create_task(jobs.put(1));
  auto second = hocket::create_task(jobs.put(2));
  co_await wait_all_tasks_blocked();
  static_cast<void>(jobs.get_nowait());  // wakes `first`
  first.cancel();
  co_await second;
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(jobs.get_nowait(), 2);
}

HOCKET_TEST(queue, never_adds_the_item_of_a_cancelled_putter) {
  hocket::queue<int> jobs(1);
  jobs.put_nowait(0);
  auto putter = hocket::create_task(jobs.put(1));
  co_await wait_all_tasks_blocked();
  putter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(putter));
  static_cast<void>(jobs.get_nowait());
  EXPECT_TRUE(jobs.empty());
}

HOCKET_TEST(queue, forgets_a_getter_that_timed_out) {
  hocket::queue<int> jobs;
  EXPECT_FALSE((co_await hocket::as_result(hocket::wait_for(jobs.get(), 1s))).has_value());
  jobs.put_nowait(7);
  EXPECT_EQ(co_await jobs.get(), 7);
}

// ---- join

HOCKET_TEST(queue, joins_at_once_when_nothing_was_put) {
  hocket::queue<int> jobs;
  const auto turn = hocket::loop::running().counters().turns;
  co_await jobs.join();
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(queue, joins_when_every_item_was_answered) {
  hocket::queue<int> jobs;
  for (int n = 0; n < 2; ++n) jobs.put_nowait(n);
  auto joined = hocket::create_task(jobs.join());
  static_cast<void>(co_await jobs.get());
  static_cast<void>(co_await jobs.get());
  jobs.task_done();
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(joined.done());
  jobs.task_done();
  co_await joined;
}

HOCKET_TEST(queue, joins_again_after_more_was_put) {
  hocket::queue<int> jobs;
  jobs.put_nowait(1);
  jobs.task_done();
  co_await jobs.join();
  jobs.put_nowait(2);
  auto joined = hocket::create_task(jobs.join());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(joined.done());
  jobs.task_done();
  co_await joined;
}

HOCKET_TEST(queue, refuses_more_answers_than_items) {
  hocket::queue<int> jobs;
  jobs.put_nowait(1);
  jobs.task_done();
  EXPECT_THROW(jobs.task_done(), hocket::invalid_state_error);
  co_return;
}

// ---- all of it together

/// What two producers and two consumers did; nothing may be lost or doubled, whoever was cancelled when.
struct ledger {
  std::vector<int> put;
  std::vector<int> got;
  void settle(hocket::queue<int>& jobs) {
    while (auto left = jobs.get_nowait()) got.push_back(*left);
    std::sort(put.begin(), put.end());
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, put);
  }
};

TEST(queue, neither_loses_nor_doubles_an_item_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    hocket::queue<int> jobs(1);
    ledger book;
    auto produce = [&](int from) -> hocket::coro<void> {
      for (int n = from; n < from + 4; ++n) {
        co_await jobs.put(n);
        book.put.push_back(n);
      }
    };
    auto consume = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 4; ++n) {
        book.got.push_back(co_await jobs.get());
        co_await hocket::sleep(0s);
      }
    };
    try {
      co_await hocket::gather(produce(0), consume(), produce(100), consume());
    } catch (...) {
      book.settle(jobs);
      throw;
    }
    book.settle(jobs);
  });
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

HOCKET_TEST(queue, neither_loses_nor_doubles_an_item_when_consumers_come_and_go) {
  hocket::queue<int> jobs(3);
  ledger book;
  auto produce = [&]() -> hocket::coro<void> {
    for (int n = 0; n < 300; ++n) {
      book.put.push_back(n);
      co_await jobs.put(n);
      if (n % 7 == 0) co_await hocket::sleep(1ms);
    }
  };
  auto consume = [&]() -> hocket::coro<void> { book.got.push_back(co_await jobs.get()); };
  auto producer = hocket::create_task(produce());
  while (!producer.done()) {
    std::vector<hocket::task<void>> consumers;
    for (int n = 0; n < 5; ++n) consumers.push_back(hocket::create_task(consume()));
    co_await hocket::sleep(0s);
    for (std::size_t n = 0; n < consumers.size(); n += 2) consumers[n].cancel();
    co_await hocket::sleep(1ms);
    for (auto& each : consumers) each.cancel();
    for (auto& each : consumers) static_cast<void>(co_await ends_cancelled(each));
  }
  book.settle(jobs);
}

}  // namespace

TEST(queue_death_test, ends_the_program_that_destroys_one_on_its_way_to_a_getter) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    auto amain = []() -> hocket::coro<void> {
      auto jobs = std::make_unique<hocket::queue<int>>();
      auto getter = hocket::create_task(jobs->get());
      co_await hocket::sleep(std::chrono::seconds(0));
      jobs->put_nowait(1);
      jobs.reset();
      co_await getter;
    };
    hocket::run(amain());
  };
  EXPECT_DEATH(program(), "a queue was destroyed while tasks waited for it");
}
