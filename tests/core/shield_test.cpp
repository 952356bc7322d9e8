#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::shield;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<std::string> give(std::string value, hocket::duration after) {
  co_await hocket::sleep(after);
  co_return value;
}

hocket::coro<void> fail(hocket::duration after) {
  co_await hocket::sleep(after);
  throw std::runtime_error("broken");
}

/// A task that waits behind a shield.
template <class Handle>
hocket::task<void> wait_shielded(Handle inner) {
  return hocket::create_task([](Handle it) -> hocket::coro<void> { static_cast<void>(co_await shield(it)); }(inner));
}

/// What the loop's exception handler was told while this lives.
class complaints {
 public:
  complaints() {
    hocket::loop::running().set_exception_handler(
        [this](const hocket::exception_context& context) { told_.push_back(context.message); });
  }
  ~complaints() { hocket::loop::running().set_exception_handler({}); }
  complaints(const complaints&) = delete;
  [[nodiscard]] const std::vector<std::string>& told() const { return told_; }

 private:
  std::vector<std::string> told_;
};

using texts = std::vector<std::string>;

HOCKET_TEST(shield, gives_the_result) {
  const auto work = hocket::create_task(give("seven", 1s));
  EXPECT_EQ(co_await shield(work), "seven");
  EXPECT_EQ(work.result(), "seven");
}

HOCKET_TEST(shield, of_a_temporary_gives_the_result_away) {
  auto make = []() -> hocket::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  const std::unique_ptr<int> made = co_await shield(hocket::create_task(make()));
  EXPECT_EQ(*made, 7);
}

HOCKET_TEST(shield, of_a_finished_task_does_not_suspend) {
  const auto work = hocket::create_task(give("seven", 0s));
  co_await work;
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await shield(work), "seven");
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(shield, throws_what_the_task_threw) {
  const auto outcome = co_await hocket::as_result(shield(hocket::create_task(fail(1s))));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(shield, takes_a_future) {
  const hocket::future<int> answer;
  hocket::loop::running().call_later(1s, [&] { answer.set_result(7); });
  EXPECT_EQ(co_await shield(answer), 7);
}

HOCKET_TEST(shield, refuses_to_make_a_task_await_itself) {
  hocket::task<void> self;
  auto body = [&]() -> hocket::coro<void> { co_await shield(self); };
  self = hocket::create_task(body());
  const auto outcome = co_await hocket::as_result(self);
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::invalid_state_error);
  self = {};
}

// ---- cancellation

HOCKET_TEST(shield, is_left_at_once_while_the_task_goes_on) {
  const auto work = hocket::create_task(give("seven", 5s));
  auto waiter = wait_shielded(work);
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_FALSE(work.done());
  EXPECT_EQ(work.cancelling(), 0U);
  EXPECT_EQ(co_await work, "seven");
}

HOCKET_TEST(shield, keeps_a_future_from_being_cancelled) {
  const hocket::future<int> answer;
  auto waiter = wait_shielded(answer);
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_FALSE(answer.done());
}

HOCKET_TEST(shield, throws_cancelled_when_the_task_is_cancelled) {
  const auto work = hocket::create_task(give("seven", 1h));
  auto waiter = wait_shielded(work);
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

HOCKET_TEST(shield, times_out_without_its_task) {
  const auto work = hocket::create_task(give("seven", 5s));
  const auto outcome = co_await hocket::as_result(hocket::wait_for(shield(work), 1s));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  EXPECT_EQ(co_await work, "seven");
}

HOCKET_TEST(shield, is_left_when_a_scope_around_it_is_cancelled) {
  const auto work = hocket::create_task(give("seven", 5s));
  EXPECT_FALSE(co_await hocket::move_on_after(1s, shield(work)));
  EXPECT_EQ(co_await work, "seven");
}

HOCKET_TEST(shield, cancelled_after_the_task_has_ended_throws_and_leaves_the_result) {
  const hocket::future<int> answer;
  auto waiter = wait_shielded(answer);
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_EQ(answer.result(), 7);
}

HOCKET_TEST(shield, cancelled_after_it_was_woken_throws) {
  const hocket::future<int> answer;
  auto waiter = wait_shielded(answer);
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  hocket::loop::running().call_soon([&] { waiter.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

// ---- errors that come too late for who waited

HOCKET_TEST(shield, reports_an_error_that_comes_after_it_was_left) {
  const complaints heard;
  auto waiter = wait_shielded(hocket::create_task(fail(5s)));
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  co_await hocket::sleep(10s);
  EXPECT_EQ(heard.told(), texts{"exception in shielded task"});
}

HOCKET_TEST(shield, reports_an_error_once_though_it_was_left_twice) {
  const complaints heard;
  const auto work = hocket::create_task(fail(5s));
  const std::vector waiters{wait_shielded(work), wait_shielded(work)};
  co_await wait_all_tasks_blocked();
  for (const auto& each : waiters) each.cancel();
  co_await hocket::sleep(10s);
  EXPECT_EQ(heard.told(), texts{"exception in shielded task"});
}

HOCKET_TEST(shield, reports_an_error_once_though_the_last_handle_goes_with_the_task) {
  const complaints heard;
  {
    auto waiter = wait_shielded(hocket::create_task(fail(5s)));
    co_await wait_all_tasks_blocked();
    waiter.cancel();
    co_await hocket::testing::ends_cancelled(waiter);
  }
  co_await hocket::sleep(10s);
  EXPECT_EQ(heard.told().size(), 1U);
}

HOCKET_TEST(shield, left_after_the_task_has_failed_leaves_the_error_to_who_holds_the_task) {
  const complaints heard;
  const hocket::future<int> answer;
  auto waiter = wait_shielded(answer);
  co_await wait_all_tasks_blocked();
  answer.set_exception(std::runtime_error("broken"));
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(answer.exception());
  EXPECT_TRUE(heard.told().empty());
}

HOCKET_TEST(shield, reports_no_result_and_no_cancellation) {
  const complaints heard;
  const auto good = hocket::create_task(give("seven", 1s));
  const auto victim = hocket::create_task(give("eight", 1h));
  const std::vector waiters{wait_shielded(good), wait_shielded(victim)};
  co_await wait_all_tasks_blocked();
  for (const auto& each : waiters) each.cancel();
  co_await hocket::sleep(2s);
  victim.cancel();
  co_await hocket::sleep(1s);
  EXPECT_TRUE(heard.told().empty());
}

HOCKET_TEST(shield, reports_the_error_of_a_future_too) {
  const complaints heard;
  {
    const hocket::future<int> answer;
    auto waiter = wait_shielded(answer);
    co_await wait_all_tasks_blocked();
    waiter.cancel();
    co_await hocket::testing::ends_cancelled(waiter);
    answer.set_exception(std::runtime_error("broken"));
  }
  co_await hocket::sleep(1s);
  EXPECT_EQ(heard.told(), texts{"exception in shielded future"});
}

HOCKET_TEST(shield, left_keeps_no_future_alive_that_nobody_sets) {
  const complaints heard;
  const hocket::future<int> answer;  // the test fails if its record is left behind
  auto waiter = wait_shielded(answer);
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

TEST(shield, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  int ended = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    auto count = [](int& ended) -> hocket::coro<void> {
      co_await hocket::sleep(1s);
      co_await hocket::sleep(1s);
      ++ended;
    };
    const auto work = hocket::create_task(count(ended));
    const auto outcome = co_await hocket::as_result(shield(work));
    co_await work;
    if (!outcome) std::rethrow_exception(outcome.error());
  });
  EXPECT_EQ(report.runs, 4U);
  EXPECT_EQ(ended, 4);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
