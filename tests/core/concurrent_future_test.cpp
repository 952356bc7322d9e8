#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/concurrent_future.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/wrap_future.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::concurrent_future;
using hocket::concurrent_promise;
using hocket::coro;
using hocket::create_task;
using hocket::invalid_state_error;
using hocket::testing::ends_cancelled;

namespace {

/// Tells copies from moves.
struct counted {
  explicit counted(int& copies) : copies(&copies) {}
  counted(const counted& other) : copies(other.copies) { ++*copies; }
  counted(counted&& other) noexcept = default;
  int* copies;
};

template <class T>
coro<T> await_it(concurrent_future<T> future) {
  co_return co_await std::move(future);
}

TEST(concurrent_future, gives_a_thread_what_another_one_promised) {
  concurrent_promise<int> promise;
  const auto future = promise.get_future();
  std::jthread other([promise = std::move(promise)] { promise.set_value(7); });
  EXPECT_EQ(future.result(), 7);
}

TEST(concurrent_future, gives_a_result_that_can_be_copied_to_whoever_asks) {
  const concurrent_promise<std::string> promise;
  const auto future = promise.get_future();
  promise.set_value("text");
  EXPECT_EQ(future.result(), "text");
  EXPECT_EQ(future.result(), "text");
}

TEST(concurrent_future, moves_the_result_out_of_the_last_handle) {
  int copies = 0;
  const concurrent_promise<counted> promise;
  auto future = promise.get_future();
  promise.set_value(counted(copies));
  static_cast<void>(std::move(future).result());
  EXPECT_EQ(copies, 0);
}

TEST(concurrent_future, copies_the_result_for_a_moved_handle_that_is_not_the_last) {
  int copies = 0;
  const concurrent_promise<counted> promise;
  auto future = promise.get_future();
  const auto other = future;
  promise.set_value(counted(copies));
  static_cast<void>(std::move(future).result());
  EXPECT_EQ(copies, 1);
}

TEST(concurrent_future, gives_away_once_what_can_only_be_moved) {
  const concurrent_promise<std::unique_ptr<int>> promise;
  const auto future = promise.get_future();
  promise.set_value(std::make_unique<int>(7));
  EXPECT_EQ(*future.result(), 7);
  EXPECT_THROW(future.result(), invalid_state_error);
}

TEST(concurrent_future, throws_what_it_was_given) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  promise.set_exception(std::runtime_error("broken"));
  EXPECT_THROW(future.result(), std::runtime_error);
  EXPECT_THROW(std::rethrow_exception(future.exception()), std::runtime_error);
}

TEST(concurrent_future, has_no_exception_if_it_has_a_value) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  promise.set_value(7);
  EXPECT_EQ(future.exception(), nullptr);
}

TEST(concurrent_future, fails_when_its_promise_is_dropped) {
  auto future = concurrent_promise<int>().get_future();
  EXPECT_THROW(future.result(), invalid_state_error);
}

TEST(concurrent_future, times_out_and_can_be_asked_again) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  EXPECT_THROW(future.result(1ms), hocket::timeout_error);
  EXPECT_THROW(static_cast<void>(future.exception(1ms)), hocket::timeout_error);
  promise.set_value(7);
  EXPECT_EQ(future.result(std::chrono::hours::max()), 7);
}

TEST(concurrent_future, takes_one_result_only) {
  const concurrent_promise<int> promise;
  promise.set_value(7);
  EXPECT_THROW(promise.set_value(8), invalid_state_error);
  EXPECT_THROW(promise.set_exception(std::runtime_error("broken")), invalid_state_error);
}

TEST(concurrent_future, is_cancelled_while_nothing_has_begun) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.was_cancelled());
  EXPECT_FALSE(promise.set_running());
  EXPECT_FALSE(promise.set_value(7));
  EXPECT_THROW(future.result(), hocket::cancelled);
  EXPECT_THROW(static_cast<void>(future.exception()), hocket::cancelled);
}

TEST(concurrent_future, is_not_cancelled_while_it_runs) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  EXPECT_TRUE(promise.set_running());
  EXPECT_TRUE(future.is_running());
  EXPECT_FALSE(future.cancel());
  promise.set_value(7);
  EXPECT_FALSE(future.is_running());
  EXPECT_EQ(future.result(), 7);
}

TEST(concurrent_future, is_cancelled_if_that_is_what_it_was_given) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  promise.set_exception(std::make_exception_ptr(hocket::cancelled{}));
  EXPECT_TRUE(future.was_cancelled());
}

TEST(concurrent_future, tells_its_promise_of_a_cancellation_once) {
  int heard = 0;
  const concurrent_promise<int> promise;
  promise.on_cancel([&heard] { ++heard; });
  const auto future = promise.get_future();
  future.cancel();
  future.cancel();
  EXPECT_EQ(heard, 1);
}

TEST(concurrent_future, is_not_cancelled_if_its_promise_cannot_be_told) {
  const concurrent_promise<int> promise;
  promise.on_cancel([] { throw std::bad_alloc(); });
  const auto future = promise.get_future();
  EXPECT_THROW(future.cancel(), std::bad_alloc);
  EXPECT_FALSE(future.done());
}

TEST(concurrent_future, does_not_keep_the_hook_after_its_end) {
  auto held = std::make_shared<int>(7);
  const concurrent_promise<int> promise;
  promise.on_cancel([held] {});
  promise.set_value(7);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(concurrent_future, calls_back_in_order_on_the_thread_that_ends_it) {
  std::vector<int> order;
  std::thread::id where;
  concurrent_promise<int> promise;
  const auto future = promise.get_future();
  future.add_done_callback([&] { order.push_back(1); });
  future.add_done_callback([&](const concurrent_future<int>& ended) { order.push_back(ended.result()); });
  future.add_done_callback([&] { where = std::this_thread::get_id(); });
  std::jthread other([promise = std::move(promise)] { promise.set_value(2); });
  const auto there = other.get_id();
  other.join();
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(where, there);
}

TEST(concurrent_future, calls_back_at_once_if_it_has_ended) {
  bool called = false;
  const concurrent_promise<void> promise;
  promise.set_value();
  promise.get_future().add_done_callback([&called] { called = true; });
  EXPECT_TRUE(called);
}

TEST(concurrent_future, calls_back_whoever_cancels_it) {
  bool called = false;
  const concurrent_promise<void> promise;
  const auto future = promise.get_future();
  future.add_done_callback([&](const concurrent_future<void>& ended) { called = ended.was_cancelled(); });
  future.cancel();
  EXPECT_TRUE(called);
}

TEST(concurrent_future, goes_on_with_the_other_callbacks_when_one_throws) {
  bool called = false;
  const concurrent_promise<void> promise;
  const auto future = promise.get_future();
  future.add_done_callback([] { throw std::runtime_error("broken"); });
  future.add_done_callback([&called] { called = true; });
  promise.set_value();
  EXPECT_TRUE(called);
}

TEST(concurrent_future, serves_any_number_of_threads) {
  concurrent_promise<int> promise;
  const auto future = promise.get_future();
  std::atomic<int> sum = 0;
  std::vector<std::jthread> threads;
  for (int n = 0; n < 8; ++n) threads.emplace_back([&sum, future] { sum += future.result(); });
  promise.set_value(7);
  threads.clear();
  EXPECT_EQ(sum, 56);
}

HOCKET_TEST(concurrent_future, is_awaited_in_a_task_without_a_thread) {
  concurrent_promise<std::unique_ptr<int>> promise;
  auto waiting = create_task(await_it(promise.get_future()));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(hocket::loop::running().blocking().pending(), 0U);
  std::jthread other([promise = std::move(promise)] { promise.set_value(std::make_unique<int>(7)); });
  EXPECT_EQ(*co_await std::move(waiting), 7);
}

HOCKET_TEST(concurrent_future, that_has_ended_is_awaited_without_a_turn) {
  const concurrent_promise<int> promise;
  promise.set_value(7);
  const auto before = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await promise.get_future(), 7);
  EXPECT_EQ(hocket::loop::running().counters().turns, before);
}

HOCKET_TEST(concurrent_future, is_awaited_by_several_tasks) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  auto one = create_task(await_it(future));
  auto other = create_task(await_it(future));
  co_await hocket::sleep(0s);
  std::jthread([&promise] { promise.set_value(7); }).join();
  EXPECT_EQ(co_await one + co_await other, 14);
}

HOCKET_TEST(concurrent_future, throws_in_a_task_what_it_was_given) {
  const concurrent_promise<int> promise;
  auto waiting = create_task(await_it(promise.get_future()));
  co_await hocket::sleep(0s);
  promise.set_exception(std::runtime_error("broken"));
  const auto outcome = co_await hocket::as_result(std::move(waiting));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(concurrent_future, is_cancelled_with_the_task_that_awaits_it) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  auto waiting = create_task(await_it(future));
  co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(future.was_cancelled());
  EXPECT_TRUE(co_await ends_cancelled(waiting));
}

HOCKET_TEST(concurrent_future, does_not_hold_up_a_cancelled_task_while_it_runs) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  static_cast<void>(promise.set_running());
  auto waiting = create_task(await_it(future));
  co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  EXPECT_FALSE(future.done());
  promise.set_value(7);
}

HOCKET_TEST(concurrent_future, is_not_lost_if_the_task_is_cancelled_when_it_had_come) {
  const concurrent_promise<int> promise;
  int got = 0;
  const auto take = [&]() -> coro<void> { got = co_await promise.get_future(); };
  auto waiting = create_task(take());
  co_await hocket::sleep(0s);
  promise.set_value(7);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));  // the request stayed pending
  EXPECT_EQ(got, 7);
}

HOCKET_TEST(concurrent_future, cancels_the_await_of_whoever_waits_for_it) {
  const concurrent_promise<int> promise;
  const auto future = promise.get_future();
  auto waiting = create_task(await_it(future));
  co_await hocket::sleep(0s);
  std::jthread([future] { future.cancel(); }).join();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
}

HOCKET_TEST(concurrent_future, is_wrapped_by_wrap_future) {
  const concurrent_promise<int> promise;
  auto waiting = create_task(hocket::wrap_future(promise.get_future()));
  co_await hocket::sleep(0s);
  promise.set_value(7);
  EXPECT_EQ(co_await waiting, 7);
}

HOCKET_TEST(concurrent_future, is_awaited_on_the_very_loop_that_brings_it) {
  const auto bring = []() -> coro<int> {
    co_await hocket::sleep(1s);
    co_return 7;
  };
  EXPECT_EQ(co_await hocket::run_coroutine_threadsafe(hocket::loop::running(), bring), 7);
}

TEST(concurrent_future, leaves_nothing_behind_when_its_await_is_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    const concurrent_promise<int> promise;
    const auto future = promise.get_future();
    auto other = create_task(await_it(future));
    std::jthread bringer([&promise] { promise.set_value(7); });
    co_await future;
    co_await other;
  });
  EXPECT_GE(report.cancelled, 1U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

TEST(concurrent_future_death_test, says_so_when_one_without_a_promise_is_used) {
  const hocket::concurrent_future<int> none;
  EXPECT_DEATH(static_cast<void>(none.done()), "a concurrent future was used that belongs to no promise");
}

// What is left behind is leaked, hence a process of its own.
TEST(concurrent_future_death_test, may_be_set_when_the_loop_of_a_task_that_awaits_it_is_gone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    const concurrent_promise<int> promise;
    {
      hocket::loop abandoned;
      abandoned.set_exception_handler([](const hocket::exception_context&) {});
      const auto start = [&]() -> coro<void> {
        create_task(await_it(promise.get_future()));
        co_await hocket::sleep(0s);
      };
      hocket::run_until_complete(abandoned, start());
    }
    promise.set_value(7);
    std::_Exit(7);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "");
}

}  // namespace
