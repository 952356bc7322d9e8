#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::return_when;
using hocket::wait;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

hocket::coro<int> give(int value, hocket::duration after) {
  co_await hocket::sleep(after);
  co_return value;
}

hocket::coro<int> fail(hocket::duration after) {
  co_await hocket::sleep(after);
  throw std::runtime_error("broken");
}

using tasks = std::vector<hocket::task<int>>;

HOCKET_TEST(wait, tells_done_from_pending_in_the_order_of_the_arguments) {
  const tasks works{hocket::create_task(give(1, 3s)), hocket::create_task(give(2, 1h)),
                    hocket::create_task(give(3, 1s))};
  const auto [done, pending] = co_await wait(works, {.timeout = 5s});
  EXPECT_EQ(done, (tasks{works[0], works[2]}));
  EXPECT_EQ(pending, tasks{works[1]});
}

HOCKET_TEST(wait, waits_for_all_unless_told_otherwise) {
  const auto begin = now();
  const auto [done, pending] = co_await wait(tasks{hocket::create_task(give(1, 1s)), hocket::create_task(give(2, 3s))});
  EXPECT_EQ(done.size(), 2U);
  EXPECT_EQ(now() - begin, 3s);
}

HOCKET_TEST(wait, counts_a_task_given_twice_once) {
  const auto work = hocket::create_task(give(1, 1s));
  const auto [done, pending] = co_await wait(tasks{work, work, work});
  EXPECT_EQ(done, tasks{work});
}

HOCKET_TEST(wait, for_the_first_returns_when_one_has_ended) {
  const tasks works{hocket::create_task(give(1, 5s)), hocket::create_task(give(2, 1s))};
  const auto begin = now();
  const auto [done, pending] = co_await wait(works, {.return_when = return_when::first_completed});
  EXPECT_EQ(done, tasks{works[1]});
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(wait, for_the_first_counts_a_failure_as_an_end) {
  const tasks works{hocket::create_task(fail(1s)), hocket::create_task(give(2, 5s))};
  const auto [done, pending] = co_await wait(works, {.return_when = return_when::first_completed});
  EXPECT_EQ(done, tasks{works[0]});
  EXPECT_TRUE(works[0].exception());
}

HOCKET_TEST(wait, for_the_first_error_returns_at_it) {
  const tasks works{hocket::create_task(give(1, 1s)), hocket::create_task(fail(2s)), hocket::create_task(give(3, 1h))};
  const auto begin = now();
  const auto [done, pending] = co_await wait(works, {.return_when = return_when::first_exception});
  EXPECT_EQ(done.size(), 2U);
  EXPECT_EQ(now() - begin, 2s);
  EXPECT_TRUE(works[1].exception());
}

HOCKET_TEST(wait, for_the_first_error_takes_no_cancellation_for_one) {
  const tasks works{hocket::create_task(give(1, 1h)), hocket::create_task(give(2, 5s))};
  co_await wait_all_tasks_blocked();
  works[0].cancel();
  const auto begin = now();
  const auto [done, pending] = co_await wait(works, {.return_when = return_when::first_exception});
  EXPECT_EQ(done.size(), 2U);
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(wait, times_out_without_an_error_and_cancels_nothing) {
  const auto work = hocket::create_task(give(1, 5s));
  const auto begin = now();
  const auto [done, pending] = co_await wait(tasks{work}, {.timeout = 2s});
  EXPECT_EQ(now() - begin, 2s);
  EXPECT_TRUE(done.empty());
  EXPECT_EQ(co_await pending.front(), 1);
}

HOCKET_TEST(wait, with_a_timeout_of_less_than_nothing_still_lets_the_others_run) {
  auto nothing = []() -> hocket::coro<int> { co_return 7; };
  const auto work = hocket::create_task(nothing());
  const auto [done, pending] = co_await wait(tasks{work}, {.timeout = -1s});
  EXPECT_EQ(done.size(), 1U);
}

HOCKET_TEST(wait, leaves_no_timer_behind) {
  const auto begin = now();
  co_await wait(tasks{hocket::create_task(give(1, 1s))}, {.timeout = 1h});
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(wait, refuses_to_wait_for_nothing) {
  const auto outcome = co_await hocket::as_result(wait(tasks{}));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::invalid_state_error);
}

HOCKET_TEST(wait, suspends_though_all_have_ended) {
  const auto work = hocket::create_task(give(1, 0s));
  co_await work;
  const auto turn = hocket::loop::running().counters().turns;
  co_await wait(tasks{work});
  EXPECT_EQ(hocket::loop::running().counters().turns, turn + 2);
}

HOCKET_TEST(wait, wakes_one_turn_after_who_awaits_the_task_itself) {
  std::string trace;
  const auto work = hocket::create_task(give(1, 1s));
  auto waits = [&]() -> hocket::coro<void> {
    co_await wait(tasks{work});
    trace += 'w';
  };
  auto awaits = [&]() -> hocket::coro<void> {
    co_await work;
    trace += 'a';
    co_await hocket::sleep(0s);
    trace += 'b';
  };
  auto first = hocket::create_task(waits());
  auto second = hocket::create_task(awaits());
  co_await wait(std::vector{first, second});
  EXPECT_EQ(trace, "awb");
}

HOCKET_TEST(wait, counts_what_ends_until_it_runs_as_done) {
  const hocket::future<int> first;
  const hocket::future<int> second;
  hocket::loop::running().call_later(1s, [&] {
    first.set_result(1);
    hocket::loop::running().call_soon([&] { second.set_result(2); });
  });
  const auto [done, pending] = co_await wait(std::vector{first, second}, {.return_when = return_when::first_completed});
  EXPECT_EQ(done.size(), 2U);
}

HOCKET_TEST(wait, takes_tasks_of_several_types) {
  const auto number = hocket::create_task(give(1, 1s));
  const auto nothing = hocket::create_task(hocket::sleep(1h));
  const auto [done, pending] =
      co_await wait(std::vector<hocket::any_task>{number, nothing}, {.return_when = return_when::first_completed});
  EXPECT_EQ(done.front(), hocket::any_task(number));
  EXPECT_EQ(pending.front(), hocket::any_task(nothing));
}

HOCKET_TEST(wait, looks_at_no_exception) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  co_await wait(tasks{hocket::create_task(fail(1s))}, {.return_when = return_when::first_exception});
  EXPECT_EQ(told, 1);
  hocket::loop::running().set_exception_handler({});
}

HOCKET_TEST(wait, that_is_cancelled_leaves_the_tasks_alone) {
  const auto work = hocket::create_task(give(1, 5s));
  auto waiter = hocket::create_task(wait(tasks{work}, {.timeout = 1h}));
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_FALSE(work.done());
  EXPECT_EQ(co_await work, 1);
}

HOCKET_TEST(wait, that_is_cancelled_after_it_was_woken_throws) {
  const hocket::future<int> answer;
  auto waiter = hocket::create_task(wait(std::vector{answer}));
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  hocket::loop::running().call_soon([&] { waiter.cancel(); });  // in the turn in which it is woken, after that
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

HOCKET_TEST(wait, that_is_cancelled_before_it_was_woken_throws) {
  const hocket::future<int> answer;
  auto waiter = hocket::create_task(wait(std::vector{answer}));
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

TEST(wait, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    const tasks works{hocket::create_task(give(1, 1s)), hocket::create_task(give(2, 2s)),
                      hocket::create_task(give(3, 4s))};
    co_await wait(works, {.return_when = return_when::first_completed});
    co_await wait(works, {.timeout = 1s});
    co_await wait(works);
    EXPECT_TRUE(works[2].done());
  });
  EXPECT_GE(report.runs, 7U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
