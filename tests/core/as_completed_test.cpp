#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_completed.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_completed;
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

HOCKET_TEST(as_completed, gives_the_tasks_in_the_order_in_which_they_end) {
  const tasks works{hocket::create_task(give(1, 3s)), hocket::create_task(give(2, 1s)),
                    hocket::create_task(give(3, 2s))};
  tasks ended;
  as_completed finished(works);
  while (auto task = co_await finished.next()) ended.push_back(*task);
  EXPECT_EQ(ended, (tasks{works[1], works[2], works[0]}));
}

HOCKET_TEST(as_completed, gives_each_as_soon_as_it_has_ended) {
  const auto begin = now();
  as_completed finished(tasks{hocket::create_task(give(1, 3s)), hocket::create_task(give(2, 1s))});
  co_await finished.next();
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(as_completed, gives_a_task_that_was_given_twice_once) {
  const auto work = hocket::create_task(give(1, 1s));
  as_completed finished(tasks{work, work});
  EXPECT_TRUE(co_await finished.next());
  EXPECT_FALSE(co_await finished.next());
}

HOCKET_TEST(as_completed, of_nothing_is_at_its_end) {
  as_completed finished(tasks{}, {.timeout = 1s});
  EXPECT_FALSE(co_await finished.next());
}

HOCKET_TEST(as_completed, gives_failed_and_cancelled_tasks_as_tasks) {
  const tasks works{hocket::create_task(fail(1s)), hocket::create_task(give(2, 1h))};
  co_await wait_all_tasks_blocked();
  works[1].cancel();
  as_completed finished(works);
  const auto cancelled = co_await finished.next();
  EXPECT_TRUE(cancelled->was_cancelled());
  const auto failed = co_await finished.next();
  EXPECT_TRUE(failed->exception());
}

HOCKET_TEST(as_completed, does_not_suspend_when_one_has_arrived) {
  as_completed finished(tasks{hocket::create_task(give(1, 1s))});
  co_await hocket::sleep(2s);
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_TRUE(co_await finished.next());
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(as_completed, takes_tasks_of_several_types) {
  const auto number = hocket::create_task(give(1, 2s));
  const auto nothing = hocket::create_task(hocket::sleep(1s));
  as_completed finished(std::vector<hocket::any_task>{number, nothing});
  EXPECT_EQ(co_await finished.next(), hocket::any_task(nothing));
  EXPECT_EQ(co_await finished.next(), hocket::any_task(number));
}

HOCKET_TEST(as_completed, leaves_the_tasks_alone_when_it_is_dropped) {
  const auto work = hocket::create_task(give(1, 1s));
  {
    as_completed finished(tasks{work}, {.timeout = 500ms});
  }
  EXPECT_EQ(co_await work, 1);
}

// ---- values

HOCKET_TEST(as_completed, gives_values_if_asked_for_them) {
  as_completed finished(tasks{hocket::create_task(give(1, 2s)), hocket::create_task(give(2, 1s))});
  std::vector<int> values;
  while (auto value = co_await finished.next_result()) values.push_back(*value);
  EXPECT_EQ(values, (std::vector{2, 1}));
}

HOCKET_TEST(as_completed, gives_values_that_can_only_be_moved) {
  auto make = []() -> hocket::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  as_completed finished(std::vector{hocket::create_task(make())});
  EXPECT_EQ(**co_await finished.next_result(), 7);
}

HOCKET_TEST(as_completed, throws_what_the_task_threw_and_goes_on) {
  as_completed finished(tasks{hocket::create_task(fail(1s)), hocket::create_task(give(2, 2s))});
  const auto outcome = co_await hocket::as_result(finished.next_result());
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
  EXPECT_EQ(co_await finished.next_result(), 2);
}

HOCKET_TEST(as_completed, tells_for_void_whether_there_was_one) {
  as_completed finished(std::vector{hocket::create_task(hocket::sleep(1s))});
  EXPECT_TRUE(co_await finished.next_result());
  EXPECT_FALSE(co_await finished.next_result());
}

// ---- time-outs

HOCKET_TEST(as_completed, throws_a_timeout_error_for_each_that_has_not_ended) {
  as_completed finished(
      tasks{hocket::create_task(give(1, 1h)), hocket::create_task(give(2, 1s)), hocket::create_task(give(3, 1h))},
      {.timeout = 5s});
  EXPECT_EQ(co_await finished.next_result(), 2);
  for (int n = 0; n < 2; ++n) {
    const auto outcome = co_await hocket::as_result(finished.next());
    EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  }
  EXPECT_FALSE(co_await finished.next());
}

HOCKET_TEST(as_completed, counts_its_time_from_its_making) {
  const auto begin = now();
  as_completed finished(tasks{hocket::create_task(give(1, 1h))}, {.timeout = 5s});
  co_await hocket::sleep(3s);
  co_await hocket::as_result(finished.next());
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(as_completed, gives_what_ended_in_time_though_it_is_asked_late) {
  as_completed finished(tasks{hocket::create_task(give(1, 1s))}, {.timeout = 5s});
  co_await hocket::sleep(10s);
  EXPECT_EQ(co_await finished.next_result(), 1);
}

HOCKET_TEST(as_completed, cancels_nothing_when_it_times_out) {
  const auto work = hocket::create_task(give(1, 5s));
  as_completed finished(tasks{work}, {.timeout = 1s});
  co_await hocket::as_result(finished.next());
  EXPECT_EQ(co_await work, 1);
}

// ---- several who wait, and cancellation

HOCKET_TEST(as_completed, serves_those_who_wait_in_order) {
  const hocket::future<int> first;
  const hocket::future<int> second;
  as_completed finished(std::vector{first, second});
  auto a = hocket::create_task(finished.next_result());
  auto b = hocket::create_task(finished.next_result());
  co_await wait_all_tasks_blocked();
  second.set_result(2);
  first.set_result(1);
  EXPECT_EQ(co_await a, 2);
  EXPECT_EQ(co_await b, 1);
}

HOCKET_TEST(as_completed, is_at_its_end_for_who_comes_when_others_wait_for_all_that_is_left) {
  const auto work = hocket::create_task(give(1, 1s));
  as_completed finished(tasks{work});
  auto waiter = hocket::create_task(finished.next_result());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(co_await finished.next());
  EXPECT_EQ(co_await waiter, 1);
}

HOCKET_TEST(as_completed, loses_nothing_to_a_cancelled_waiter) {
  as_completed finished(tasks{hocket::create_task(give(1, 1s))});
  auto waiter = hocket::create_task(finished.next());
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_EQ(co_await finished.next_result(), 1);
}

HOCKET_TEST(as_completed, gives_what_a_cancelled_waiter_had_been_handed_to_the_next_one) {
  const hocket::future<int> answer;
  const hocket::future<int> never;
  as_completed finished(std::vector{answer, never});
  auto first = hocket::create_task(finished.next_result());
  auto second = hocket::create_task(finished.next_result());
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  hocket::loop::running().call_soon([&] { first.cancel(); });  // after the answer was handed to it
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(co_await second, 7);
}

HOCKET_TEST(as_completed, keeps_what_a_cancelled_waiter_had_been_handed) {
  const hocket::future<int> answer;
  const hocket::future<int> later;
  as_completed finished(std::vector{answer, later});
  auto first = hocket::create_task(finished.next_result());
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  later.set_result(8);
  hocket::loop::running().call_soon([&] { first.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(co_await finished.next_result(), 7);
  EXPECT_EQ(co_await finished.next_result(), 8);
}

TEST(as_completed, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    as_completed finished(
        tasks{hocket::create_task(give(1, 3s)), hocket::create_task(give(2, 1s)), hocket::create_task(give(3, 1h))},
        {.timeout = 5s});
    EXPECT_EQ(co_await finished.next_result(), 2);
    EXPECT_EQ(co_await finished.next_result(), 1);
    const auto outcome = co_await hocket::as_result(finished.next());
    if (hocket::is_cancelled(outcome.error())) throw hocket::cancelled{};
  });
  EXPECT_GE(report.runs, 7U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
