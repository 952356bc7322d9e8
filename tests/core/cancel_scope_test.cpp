#include <optional>
#include <stdexcept>
#include <string>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

/// True if `co_await sleep(length)` throws `cancelled` here.
hocket::coro<bool> sleep_is_cancelled(hocket::duration length) {
  co_return !(co_await hocket::as_result(hocket::sleep(length))).has_value();
}

HOCKET_TEST(cancel_scope, that_nobody_cancels_changes_nothing) {
  hocket::cancel_scope scope;
  auto seven = []() -> hocket::coro<int> {
    co_await hocket::sleep(1s);
    co_return 7;
  };
  EXPECT_EQ(co_await scope.run(seven()), 7);
  EXPECT_FALSE(scope.cancel_called());
  EXPECT_FALSE(scope.cancelled_caught());
}

HOCKET_TEST(cancel_scope, ends_its_body_when_cancelled_and_goes_on_after_it) {
  hocket::cancel_scope scope;
  const auto begin = now();
  hocket::loop::running().call_later(1s, [&scope] { scope.cancel(); });
  co_await scope.run(hocket::sleep(1h));
  EXPECT_EQ(now() - begin, 1s);
  EXPECT_TRUE(scope.cancelled_caught());
}

HOCKET_TEST(cancel_scope, gives_nothing_if_it_swallowed_a_cancellation) {
  hocket::cancel_scope scope;
  auto body = [&scope]() -> hocket::coro<int> {
    scope.cancel();
    co_await hocket::sleep(1h);
    co_return 7;
  };
  EXPECT_EQ(co_await scope.run(body), std::nullopt);
}

HOCKET_TEST(cancel_scope, throws_at_every_await_once_it_is_cancelled) {
  hocket::cancel_scope scope;
  int thrown = 0;
  auto body = [&]() -> hocket::coro<void> {
    scope.cancel();
    for (int n = 0; n < 3; ++n) thrown += co_await sleep_is_cancelled(1s) ? 1 : 0;
  };
  const auto begin = now();
  co_await scope.run(body);
  EXPECT_EQ(thrown, 3);
  EXPECT_EQ(now(), begin);
}

HOCKET_TEST(cancel_scope, whose_body_swallows_everything_has_caught_nothing) {
  hocket::cancel_scope scope;
  auto body = [&]() -> hocket::coro<int> {
    scope.cancel();
    static_cast<void>(co_await sleep_is_cancelled(1s));
    co_return 7;
  };
  EXPECT_EQ(co_await scope.run(body), 7);
  EXPECT_TRUE(scope.cancel_called());
  EXPECT_FALSE(scope.cancelled_caught());
}

HOCKET_TEST(cancel_scope, passes_an_exception_of_its_body_on_though_cancelled) {
  hocket::cancel_scope scope;
  auto body = [&scope]() -> hocket::coro<void> {
    scope.cancel();
    throw std::runtime_error("broken");
    co_return;
  };
  const auto outcome = co_await hocket::as_result(scope.run(body));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(cancel_scope, cancelled_before_it_runs_throws_at_the_first_await_that_waits) {
  hocket::cancel_scope scope;
  scope.cancel();
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    trace += "began";
    co_await hocket::sleep(1s);
    trace += " and slept";
  };
  co_await scope.run(body);
  EXPECT_EQ(trace, "began");
  EXPECT_TRUE(scope.cancelled_caught());
}

HOCKET_TEST(cancel_scope, has_no_effect_after_it_was_left) {
  hocket::cancel_scope scope;
  co_await scope.run(hocket::sleep(1s));
  scope.cancel();
  EXPECT_FALSE(co_await sleep_is_cancelled(1s));
}

HOCKET_TEST(cancel_scope, does_not_count_as_a_request_of_the_task) {
  hocket::cancel_scope scope;
  std::uint32_t inside = 1;
  auto body = [&]() -> hocket::coro<void> {
    scope.cancel();
    static_cast<void>(co_await sleep_is_cancelled(1s));
    inside = hocket::current_task().cancelling();
  };
  co_await scope.run(body);
  EXPECT_EQ(inside, 0U);
}

// ---- nesting

HOCKET_TEST(cancel_scope, lets_a_cancellation_of_an_outer_one_pass) {
  hocket::cancel_scope outer;
  hocket::cancel_scope inner;
  auto body = [&]() -> hocket::coro<void> {
    outer.cancel();
    inner.cancel();
    co_await inner.run(hocket::sleep(1h));
    ADD_FAILURE() << "the inner scope swallowed it";
  };
  co_await outer.run(body);
  EXPECT_FALSE(inner.cancelled_caught());
  EXPECT_TRUE(outer.cancelled_caught());
}

HOCKET_TEST(cancel_scope, swallows_its_own_and_leaves_the_outer_one_in_peace) {
  hocket::cancel_scope outer;
  hocket::cancel_scope inner;
  bool went_on = false;
  auto body = [&]() -> hocket::coro<void> {
    inner.cancel();
    co_await inner.run(hocket::sleep(1h));
    co_await hocket::sleep(1s);
    went_on = true;
  };
  co_await outer.run(body);
  EXPECT_TRUE(went_on);
  EXPECT_FALSE(outer.cancelled_caught());
}

HOCKET_TEST(cancel_scope, lets_a_cancellation_of_the_task_pass) {
  hocket::cancel_scope scope;
  auto body = [&]() -> hocket::coro<void> { co_await scope.run(hocket::sleep(1h)); };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  scope.cancel();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_FALSE(scope.cancelled_caught());
}

HOCKET_TEST(cancel_scope, is_not_seen_by_tasks_that_are_no_children_of_a_group) {
  hocket::cancel_scope scope;
  hocket::task<bool> free;
  auto body = [&]() -> hocket::coro<void> {
    free = hocket::create_task(sleep_is_cancelled(1s));
    scope.cancel();
    co_await hocket::sleep(1h);
  };
  co_await scope.run(body);
  EXPECT_FALSE(co_await free);
}

HOCKET_TEST(cancel_scope, reaches_the_children_of_groups_inside_at_every_await) {
  hocket::cancel_scope scope;
  int thrown = 0;
  auto child = [&thrown]() -> hocket::coro<void> {
    for (int n = 0; n < 3; ++n) thrown += co_await sleep_is_cancelled(1s) ? 1 : 0;
  };
  auto body = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_await hocket::sleep(1h);
  };
  hocket::loop::running().call_later(500ms, [&scope] { scope.cancel(); });
  const auto begin = now();
  co_await scope.run(hocket::with_task_group(body));
  EXPECT_EQ(thrown, 3);
  EXPECT_EQ(now() - begin, 500ms);
}

HOCKET_TEST(cancel_scope, reaches_the_children_of_children) {
  hocket::cancel_scope scope;
  bool reached = false;
  auto grandchild = [&reached]() -> hocket::coro<void> { reached = co_await sleep_is_cancelled(1h); };
  auto inner = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(grandchild());
    co_return;
  };
  auto child = [&]() -> hocket::coro<void> { co_await hocket::with_task_group(inner); };
  auto outer = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_return;
  };
  const auto begin = now();
  hocket::loop::running().call_later(1s, [&scope] { scope.cancel(); });
  co_await scope.run(hocket::with_task_group(outer));
  EXPECT_TRUE(reached);
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(cancel_scope, reaches_the_children_of_a_child_that_is_deaf) {
  hocket::cancel_scope scope;
  auto cleans_up_for_an_hour = []() -> hocket::coro<void> {
    static_cast<void>(co_await sleep_is_cancelled(1h));
    co_await hocket::sleep(1h);
  };
  auto inner = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(cleans_up_for_an_hour());
    co_await hocket::sleep(1s);
    throw std::runtime_error("broken");  // from here on the group waits, deaf, for its child
  };
  auto child = [&]() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::with_task_group(inner)));
  };
  auto outer = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_return;
  };
  const auto begin = now();
  hocket::loop::running().call_later(2s, [&scope] { scope.cancel(); });
  co_await scope.run(hocket::with_task_group(outer));
  EXPECT_EQ(now() - begin, 2s);
}

// ---- shield

HOCKET_TEST(shield, hides_a_cancellation_of_the_task_until_it_is_left) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    hocket::cancel_scope shield({.shield = true});
    co_await shield.run(hocket::sleep(5s));
    trace += "protected";
    co_await hocket::sleep(5s);
    trace += " and more";
  };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "protected");
}

HOCKET_TEST(shield, hides_an_outer_scope_until_it_is_left) {
  hocket::cancel_scope outer;
  std::string trace;
  auto body = [&]() -> hocket::coro<void> {
    outer.cancel();
    hocket::cancel_scope shield({.shield = true});
    co_await shield.run(hocket::sleep(5s));
    trace += "protected";
    co_await hocket::sleep(5s);
    trace += " and more";
  };
  co_await outer.run(body);
  EXPECT_EQ(trace, "protected");
}

HOCKET_TEST(shield, hides_an_outer_scope_from_the_children_of_groups_inside) {
  hocket::cancel_scope outer;
  bool cancelled = true;
  auto child = [&cancelled]() -> hocket::coro<void> { cancelled = co_await sleep_is_cancelled(5s); };
  auto inside = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_return;
  };
  auto body = [&]() -> hocket::coro<void> {
    hocket::cancel_scope shield({.shield = true});
    co_await shield.run(hocket::with_task_group(inside));
  };
  hocket::loop::running().call_later(1s, [&outer] { outer.cancel(); });
  co_await outer.run(body);
  EXPECT_FALSE(cancelled);
}

HOCKET_TEST(shield, can_itself_be_cancelled) {
  hocket::cancel_scope shield({.shield = true});
  hocket::loop::running().call_later(1s, [&shield] { shield.cancel(); });
  const auto begin = now();
  co_await shield.run(hocket::sleep(1h));
  EXPECT_EQ(now() - begin, 1s);
}

// ---- deadlines

HOCKET_TEST(cancel_scope, is_cancelled_at_its_deadline) {
  const auto begin = now();
  hocket::cancel_scope scope({.deadline = hocket::loop::running().time() + 5s});
  co_await scope.run(hocket::sleep(1h));
  EXPECT_EQ(now() - begin, 5s);
  EXPECT_TRUE(scope.cancelled_caught());
}

HOCKET_TEST(cancel_scope, whose_deadline_has_passed_still_begins_its_body) {
  bool began = false;
  hocket::cancel_scope scope({.deadline = hocket::loop::running().time() - 5s});
  auto body = [&began]() -> hocket::coro<void> {
    began = true;
    co_await hocket::sleep(1h);
  };
  co_await scope.run(body);
  EXPECT_TRUE(began);
}

HOCKET_TEST(cancel_scope, can_be_given_another_deadline) {
  const auto begin = now();
  hocket::cancel_scope scope({.deadline = hocket::loop::running().time() + 5s});
  auto body = [&]() -> hocket::coro<void> {
    scope.reschedule(hocket::loop::running().time() + 7s);
    co_await hocket::sleep(1h);
  };
  co_await scope.run(body);
  EXPECT_EQ(now() - begin, 7s);
}

HOCKET_TEST(cancel_scope, leaves_no_timer_behind) {
  const auto begin = now();
  hocket::cancel_scope scope({.deadline = hocket::loop::running().time() + 1h});
  co_await scope.run(hocket::sleep(1s));
  co_await wait_all_tasks_blocked();
  co_await hocket::sleep(1s);
  EXPECT_EQ(now() - begin, 2s);
}

HOCKET_TEST(move_on_after, tells_whether_the_body_ended_by_itself) {
  EXPECT_TRUE(co_await hocket::move_on_after(5s, hocket::sleep(1s)));
  EXPECT_FALSE(co_await hocket::move_on_after(5s, hocket::sleep(1h)));
}

HOCKET_TEST(move_on_after, waits_for_longer_than_the_clock_can_count) {
  EXPECT_TRUE(co_await hocket::move_on_after(std::chrono::hours::max(), hocket::sleep(1s)));
}

HOCKET_TEST(move_on_after, gives_the_value_or_nothing) {
  auto seven = [](hocket::duration after) -> hocket::coro<int> {
    co_await hocket::sleep(after);
    co_return 7;
  };
  EXPECT_EQ(co_await hocket::move_on_after(5s, seven(1s)), 7);
  EXPECT_EQ(co_await hocket::move_on_after(5s, seven(1h)), std::nullopt);
}

HOCKET_TEST(fail_after, throws_timeout_error_when_time_is_up) {
  const auto outcome = co_await hocket::as_result(hocket::fail_after(5s, hocket::sleep(1h)));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
}

HOCKET_TEST(fail_after, gives_the_value_of_a_body_that_is_quick_enough) {
  auto seven = []() -> hocket::coro<int> { co_return 7; };
  EXPECT_EQ(co_await hocket::fail_after(5s, seven()), 7);
}

HOCKET_TEST(fail_after, cancels_every_await_of_its_body_once_time_is_up) {
  bool both = false;
  auto body = [&both]() -> hocket::coro<void> {
    const bool first = co_await sleep_is_cancelled(1h);
    both = first && co_await sleep_is_cancelled(1h);
    co_await hocket::sleep(1h);
  };
  const auto outcome = co_await hocket::as_result(hocket::fail_after(5s, body));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  EXPECT_TRUE(both);
}

TEST(cancel_scope, leaves_nothing_behind_when_the_task_is_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    auto inner = []() -> hocket::coro<void> {
      hocket::cancel_scope shield({.shield = true});
      co_await shield.run(hocket::sleep(1s));
      co_await hocket::sleep(1h);
    };
    static_cast<void>(co_await hocket::move_on_after(5s, inner));
    co_await hocket::sleep(1s);
    static_cast<void>(co_await hocket::move_on_after(5s, hocket::sleep(1s)));
  });
  EXPECT_GE(report.runs, 5U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

HOCKET_TEST(fail_after, waits_for_longer_than_the_clock_can_count) {
  EXPECT_TRUE(
      (co_await hocket::as_result(hocket::fail_after(std::chrono::hours::max(), hocket::sleep(1s)))).has_value());
}

TEST(cancel_scope_death_test, ends_the_program_that_runs_two_bodies_at_once) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    hocket::cancel_scope scope;
    auto body = [&scope]() -> hocket::coro<void> { co_await scope.run(hocket::sleep(1s)); };
    co_await scope.run(body);
  };
  EXPECT_DEATH(hocket::run(misuse()), "a cancel scope ran two bodies at once");
}

HOCKET_TEST(cancel_scope, moves_on_at_a_deadline) {
  const auto begin = now();
  EXPECT_FALSE(co_await hocket::move_on_at(hocket::loop::running().time() + 5s, hocket::sleep(1h)));
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(cancel_scope, moves_on_at_a_deadline_with_the_value_of_a_body_that_is_quick_enough) {
  auto seven = []() -> hocket::coro<int> { co_return 7; };
  EXPECT_EQ(co_await hocket::move_on_at(hocket::loop::running().time() + 5s, seven()), 7);
}

HOCKET_TEST(cancel_scope, moves_on_in_the_next_turn_if_the_deadline_has_passed) {
  const auto begin = now();
  EXPECT_FALSE(co_await hocket::move_on_at(hocket::loop::running().time() - 5s, hocket::sleep(1h)));
  EXPECT_EQ(now() - begin, 0s);
}

HOCKET_TEST(cancel_scope, fails_at_a_deadline) {
  const auto begin = now();
  const auto outcome =
      co_await hocket::as_result(hocket::fail_at(hocket::loop::running().time() + 5s, hocket::sleep(1h)));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  EXPECT_EQ(now() - begin, 5s);
}

HOCKET_TEST(cancel_scope, that_fails_after_a_while_counts_from_where_it_is_awaited) {
  auto limited = hocket::fail_after(5s, hocket::sleep(4s));
  co_await hocket::sleep(3s);
  EXPECT_TRUE((co_await hocket::as_result(std::move(limited))).has_value());
}

}  // namespace
