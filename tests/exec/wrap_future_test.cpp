#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/wrap_future.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::to_std_future;
using hocket::to_thread;
using hocket::wrap_future;
using hocket::testing::ends_cancelled;

namespace {

HOCKET_TEST(wrap_future, gives_what_another_thread_promised) {
  std::promise<std::unique_ptr<int>> promise;
  std::jthread other([&promise] { promise.set_value(std::make_unique<int>(7)); });
  EXPECT_EQ(*co_await wrap_future(promise.get_future()), 7);
}

HOCKET_TEST(wrap_future, throws_what_another_thread_left) {
  auto broken = std::async(std::launch::async, []() -> int { throw std::runtime_error("broken"); });
  const auto outcome = co_await hocket::as_result(wrap_future(std::move(broken)));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(wrap_future, throws_when_the_promise_is_broken) {
  auto future = std::promise<void>().get_future();
  const auto outcome = co_await hocket::as_result(wrap_future(std::move(future)));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::future_error);
}

HOCKET_TEST(wrap_future, runs_a_deferred_function_on_another_thread) {
  auto deferred = std::async(std::launch::deferred, [] { return std::this_thread::get_id(); });
  EXPECT_NE(co_await wrap_future(std::move(deferred)), std::this_thread::get_id());
}

HOCKET_TEST(wrap_future, lets_the_loop_go_on_meanwhile) {
  std::promise<int> promise;
  auto waiting = hocket::create_task(wrap_future(promise.get_future()));
  co_await hocket::sleep(0s);
  promise.set_value(7);
  EXPECT_EQ(co_await waiting, 7);
}

HOCKET_TEST(wrap_future, is_abandoned_when_cancelled_and_holds_up_nobody) {
  std::promise<int> never;
  auto waiting = hocket::create_task(wrap_future(never.get_future()));
  co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
}

TEST(wrap_future, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    std::promise<int> promise;
    std::jthread other([&promise] { promise.set_value(7); });
    co_await wrap_future(promise.get_future());
  });
  EXPECT_GE(report.cancelled, 1U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

HOCKET_TEST(to_std_future, gives_the_value_to_another_thread) {
  const auto give = []() -> coro<int> {
    co_await hocket::sleep(0s);
    co_return 7;
  };
  auto future = to_std_future(hocket::create_task(give()));
  EXPECT_EQ(co_await to_thread([&future] { return future.get(); }), 7);
}

HOCKET_TEST(to_std_future, leaves_the_value_to_others_who_hold_the_task) {
  const auto give = []() -> coro<std::string> { co_return "a text that is too long to be kept inside of a string"; };
  auto work = hocket::create_task(give());
  auto future = to_std_future(work);
  co_await work;
  co_await hocket::sleep(0s);
  EXPECT_EQ(future.get(), work.result());
}

HOCKET_TEST(to_std_future, gives_a_value_that_can_only_be_moved) {
  const auto give = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  auto future = to_std_future(hocket::create_task(give()));
  EXPECT_EQ(*co_await to_thread([&future] { return future.get(); }), 7);
}

HOCKET_TEST(to_std_future, throws_what_the_task_threw) {
  const auto fail = []() -> coro<void> {
    co_await hocket::sleep(0s);
    throw std::runtime_error("broken");
  };
  auto future = to_std_future(hocket::create_task(fail()));
  co_await to_thread([&future] { EXPECT_THROW(future.get(), std::runtime_error); });
}

TEST(to_std_future, throws_cancelled_when_the_end_of_run_cancels_the_task) {
  std::future<void> future;
  const auto amain = [&]() -> coro<void> {
    future = to_std_future(hocket::create_task(hocket::sleep(1h)));
    co_return;
  };
  hocket::run(amain());
  EXPECT_THROW(future.get(), hocket::cancelled);
}

}  // namespace
