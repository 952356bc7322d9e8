#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;

namespace {

/// A task that begins inside of the call.
template <class Awaitable>
auto begin_at_once(Awaitable work) {
  return hocket::create_task(std::move(work), {.name = "eager", .eager_start = true});
}

hocket::coro<int> seven() { co_return 7; }

hocket::coro<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}

// ---- beginning

HOCKET_TEST(eager_task, runs_up_to_its_first_wait_before_create_task_returns) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    trace += 'a';
    co_await hocket::sleep(1s);
    trace += 'c';
  };
  auto work = begin_at_once(body());
  trace += 'b';
  EXPECT_FALSE(work.done());
  co_await work;
  EXPECT_EQ(trace, "abc");
}

HOCKET_TEST(eager_task, has_its_result_at_once_if_it_need_not_wait) {
  auto work = begin_at_once(seven());
  EXPECT_TRUE(work.done());
  EXPECT_EQ(work.result(), 7);
  co_return;
}

HOCKET_TEST(eager_task, is_awaited_without_a_turn_if_it_has_ended) {
  auto work = begin_at_once(seven());
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await work, 7);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(eager_task, keeps_what_it_throws_for_whoever_awaits_it) {
  auto work = begin_at_once(fail());
  EXPECT_TRUE(work.done());
  EXPECT_FALSE((co_await hocket::as_result(work)).has_value());
}

HOCKET_TEST(eager_task, is_reported_if_it_fails_and_nobody_looks) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  begin_at_once(fail());
  EXPECT_EQ(told, 1);
  hocket::loop::running().set_exception_handler({});
  co_return;
}

HOCKET_TEST(eager_task, may_begin_in_a_callback) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    trace += hocket::current_task().name();
    co_await hocket::sleep(1s);
    trace += '.';
  };
  hocket::loop::running().call_soon([&] {
    begin_at_once(body());
    trace += hocket::current_task() ? " task" : " none";
  });
  co_await hocket::sleep(2s);
  EXPECT_EQ(trace, "eager none.");
}

HOCKET_TEST(eager_task, tells_its_done_callbacks_in_the_next_turn_though_it_has_ended) {
  std::string trace;
  begin_at_once(seven()).add_done_callback([&trace] { trace += 'b'; });
  trace += 'a';
  co_await hocket::sleep(0s);
  EXPECT_EQ(trace, "ab");
}

// ---- which task runs, and which tasks there are

HOCKET_TEST(eager_task, is_the_current_one_in_its_first_step_and_not_afterwards) {
  std::string trace;
  auto body = [&trace]() -> hocket::coro<void> {
    trace += hocket::current_task().name();
    co_await hocket::sleep(1s);
    trace += hocket::current_task().name();
  };
  const auto before = hocket::current_task();
  auto work = begin_at_once(body());
  EXPECT_EQ(hocket::current_task(), before);
  co_await work;
  EXPECT_EQ(hocket::current_task(), before);
  EXPECT_EQ(trace, "eagereager");
}

HOCKET_TEST(eager_task, gives_the_current_task_back_when_it_throws) {
  const auto before = hocket::current_task();
  auto work = begin_at_once(fail());
  EXPECT_EQ(hocket::current_task(), before);
  static_cast<void>(co_await hocket::as_result(work));
}

HOCKET_TEST(eager_task, is_never_among_the_loops_if_it_need_not_wait) {
  const auto before = hocket::all_tasks().size();
  auto work = begin_at_once(seven());
  EXPECT_EQ(hocket::all_tasks().size(), before);
  co_return;
}

HOCKET_TEST(eager_task, is_among_the_loops_from_its_first_wait_to_its_end) {
  const auto before = hocket::all_tasks();
  auto work = begin_at_once(hocket::sleep(1s));
  const auto now = hocket::all_tasks();
  EXPECT_EQ(now.size(), before.size() + 1);
  EXPECT_NE(std::find(now.begin(), now.end(), hocket::any_task(work)), now.end());
  co_await work;
  EXPECT_EQ(hocket::all_tasks().size(), before.size());
}

HOCKET_TEST(eager_task, lives_on_without_a_handle) {
  bool ended = false;
  auto body = [&ended]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ended = true;
  };
  begin_at_once(body());
  co_await hocket::sleep(2s);
  EXPECT_TRUE(ended);
}

HOCKET_TEST(eager_task, may_begin_another_in_its_first_step) {
  std::string trace;
  auto inner = [&trace]() -> hocket::coro<void> {
    trace += 'b';
    co_await hocket::sleep(1s);
    trace += 'e';
  };
  auto outer = [&]() -> hocket::coro<void> {
    trace += 'a';
    const auto me = hocket::current_task();
    auto work = begin_at_once(inner());
    EXPECT_EQ(hocket::current_task(), me);
    trace += 'c';
    co_await work;
    trace += 'f';
  };
  auto work = begin_at_once(outer());
  trace += 'd';
  co_await work;
  EXPECT_EQ(trace, "abcdef");
}

HOCKET_TEST(eager_task, counts_inline_completions_for_itself) {
  auto& inlined = hocket::detail::here.inline_completions;
  unsigned inside = 99;
  auto body = [&]() -> hocket::coro<void> {
    inside = inlined;
    inlined = 50;
    co_return;
  };
  inlined = 7;
  begin_at_once(body());
  EXPECT_EQ(inside, 0U);
  EXPECT_EQ(inlined, 7U);
  co_return;
}

HOCKET_TEST(eager_task, has_context_variables_of_its_own) {
  static hocket::context_var<int> number("number");
  auto body = []() -> hocket::coro<int> {
    const int before = number.get();
    number.set(2);
    co_await hocket::sleep(1s);
    co_return 10 * before + number.get();
  };
  number.set(1);
  auto work = begin_at_once(body());
  EXPECT_EQ(number.get(), 1);
  EXPECT_EQ(co_await work, 12);
}

// ---- cancellation

HOCKET_TEST(eager_task, is_cancelled_where_it_waits) {
  auto work = begin_at_once(hocket::sleep(1h));
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(eager_task, cannot_be_cancelled_once_it_has_ended) {
  auto work = begin_at_once(seven());
  EXPECT_FALSE(work.cancel());
  EXPECT_EQ(co_await work, 7);
}

HOCKET_TEST(eager_task, may_cancel_itself_in_its_first_step) {
  auto body = []() -> hocket::coro<void> {
    hocket::current_task().cancel();
    co_await hocket::sleep(1h);
  };
  auto work = begin_at_once(body());
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(eager_task, may_cancel_its_creator_in_its_first_step) {
  auto creator = []() -> hocket::coro<void> {
    auto body = [](hocket::any_task who) -> hocket::coro<void> {
      who.cancel();
      co_return;
    };
    begin_at_once(body(hocket::current_task()));
    co_await hocket::sleep(1h);
  };
  auto work = hocket::create_task(creator());
  EXPECT_TRUE(co_await ends_cancelled(work));
}

// ---- in a group

HOCKET_TEST(eager_task, is_a_child_of_its_group_from_its_first_step) {
  std::size_t children = 0;
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    auto body = [&]() -> hocket::coro<void> {
      children = group.size();
      co_return;
    };
    group.create_task(body(), {.eager_start = true});
    co_return;
  });
  EXPECT_EQ(children, 1U);
}

HOCKET_TEST(eager_task, that_fails_in_its_first_step_cancels_its_group_in_the_next_turn) {
  bool refused = true;
  bool caught = false;
  auto body = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(fail(), {.eager_start = true});
    group.create_task(hocket::sleep(1h));
    refused = false;
    co_await hocket::sleep(1h);
  };
  try {
    co_await hocket::with_task_group(body);
  } catch (const hocket::exception_group& group) {
    caught = group.errors().size() == 1;
  }
  EXPECT_FALSE(refused);
  EXPECT_TRUE(caught);
}

HOCKET_TEST(eager_task, is_cancelled_with_the_group_that_it_cancels_in_its_first_step) {
  const auto begin = hocket::loop::running().time();
  auto child = [](hocket::task_group& group) -> hocket::coro<void> {
    group.cancel();
    co_await hocket::sleep(1h);
  };
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child(group), {.eager_start = true});
    co_return;
  });
  EXPECT_EQ(hocket::loop::running().time(), begin);
}

HOCKET_TEST(eager_task, sees_a_scope_around_its_group_that_it_cancels_in_its_first_step) {
  const auto begin = hocket::loop::running().time();
  hocket::cancel_scope scope;
  auto child = [&]() -> hocket::coro<void> {
    scope.cancel();
    co_await hocket::sleep(1h);
  };
  auto body = [&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(child(), {.eager_start = true});
    co_return;
  };
  co_await scope.run(hocket::with_task_group(body));
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_EQ(hocket::loop::running().time(), begin);
}

}  // namespace
