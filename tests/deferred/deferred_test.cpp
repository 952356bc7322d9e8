#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/deferred.hpp>
#include <hocket/testing/test.hpp>

#include "told.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::deferred;
using hocket::loop;
using hocket::testing::ends_cancelled;
using hocket::testing::told;
using hocket::testing::wait_all_tasks_blocked;

namespace {

TEST(deferred, callbacks_run_in_a_chain_within_the_call_that_has_the_result) {
  const deferred<int> d;
  std::string seen;
  d.add_callback([](int n) { return n + 1; })
      .add_callback([](int n) { return std::to_string(n); })
      .add_callback([&seen](const std::string& text) { seen = text; });
  EXPECT_EQ(seen, "");
  d.callback(41);
  EXPECT_EQ(seen, "42");
}

TEST(deferred, a_callback_added_late_runs_at_once) {
  std::string seen;
  hocket::succeed(std::string("there")).add_callback([&seen](std::string text) { seen = std::move(text); });
  EXPECT_EQ(seen, "there");
}

TEST(deferred, an_error_passes_by_the_callbacks_to_the_next_errback) {
  std::vector<std::string> steps;
  hocket::succeed(1)
      .add_callback([](int) -> int { throw std::runtime_error("broken"); })
      .add_callback([&steps](int n) {
        steps.push_back("not this");
        return n;
      })
      .add_errback([&steps](const std::exception_ptr& error) {
        steps.push_back(told(error));
        return 7;
      })
      .add_callback([&steps](int n) { steps.push_back("mended: " + std::to_string(n)); });
  EXPECT_EQ(steps, (std::vector<std::string>{"broken", "mended: 7"}));
}

TEST(deferred, an_errback_may_throw_on) {
  std::string seen;
  hocket::fail(std::make_exception_ptr(std::runtime_error("first")))
      .add_errback([](const std::exception_ptr&) { throw std::runtime_error("second"); })
      .add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  EXPECT_EQ(seen, "second");
}

TEST(deferred, of_two_callbacks_added_together_neither_sees_what_the_other_throws) {
  std::string seen;
  hocket::succeed(1)
      .add_callbacks([](int) { throw std::runtime_error("by the callback"); },
                     [&seen](const std::exception_ptr&) { seen = "wrong"; })
      .add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  EXPECT_EQ(seen, "by the callback");
}

TEST(deferred, what_is_added_to_both_runs_however_it_went) {
  int cleaned_up = 0;
  std::string seen;
  hocket::succeed(5).add_both([&] { ++cleaned_up; }).add_callback([&seen](int n) { seen += std::to_string(n); });
  hocket::fail<int>(std::make_exception_ptr(std::runtime_error("no")))
      .add_both([&] { ++cleaned_up; })
      .add_errback([&seen](const std::exception_ptr& error) {
        seen += told(error);
        return 0;
      });
  EXPECT_EQ(cleaned_up, 2);
  EXPECT_EQ(seen, "5no");
}

TEST(deferred, the_chain_waits_for_a_deferred_that_a_callback_gives) {
  const deferred<int> outer;
  const deferred<std::string> inner;
  std::string seen;
  outer.add_callback([&inner](int) { return inner; }).add_callback([&seen](const std::string& text) { seen = text; });
  outer.callback(1);
  EXPECT_EQ(seen, "");
  inner.callback("inner");
  EXPECT_EQ(seen, "inner");
}

TEST(deferred, values_that_only_move_pass) {
  int seen = 0;
  const deferred<std::unique_ptr<int>> d;
  d.add_callback([](std::unique_ptr<int> n) { return n; }).add_callback([&seen](std::unique_ptr<int> n) { seen = *n; });
  d.callback(std::make_unique<int>(3));
  EXPECT_EQ(seen, 3);
}

TEST(deferred, a_chain_of_any_length_fits_on_the_stack) {
  const deferred<int> first;
  deferred<int> last = first;
  for (int n = 0; n < 200'000; ++n) last = last.add_callback([](int each) { return each + 1; });
  int seen = 0;
  last.add_callback([&seen](int each) { seen = each; });
  first.callback(0);
  EXPECT_EQ(seen, 200'000);
}

TEST(deferred, a_chain_of_callbacks_that_defer_fits_on_the_stack) {
  const deferred<> first;
  deferred<> last = first;
  for (int n = 0; n < 100'000; ++n) last = last.add_callback([] { return hocket::succeed(); });
  bool reached = false;
  last.add_callback([&reached] { reached = true; });
  first.callback();
  EXPECT_TRUE(reached);
}

TEST(deferred, one_that_its_holder_has_called_keeps_that_result) {
  const deferred<int> source;
  const auto link = source.add_callback([](int n) { return n; });
  link.errback(std::runtime_error("by its holder"));
  source.callback(1);
  std::string seen;
  link.add_callback([](int) {}).add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  EXPECT_EQ(seen, "by its holder");
}

/// Somebody who holds a deferred that nobody else does, and may be let go of by its callbacks.
struct owner {
  deferred<std::string> answer;
};

TEST(deferred, whose_callback_lets_go_of_its_owner_still_hands_its_result_on) {
  auto held = std::make_unique<owner>();
  const deferred<std::string>& answer = held->answer;
  std::string seen;
  answer.add_both([&held] { held.reset(); }).add_callback([&seen](std::string text) { seen = std::move(text); });
  answer.callback(std::string(60, 'x'));
  EXPECT_EQ(seen, std::string(60, 'x'));
}

TEST(deferred, whose_errback_lets_go_of_its_owner_keeps_the_error_until_that_returns) {
  auto held = std::make_unique<owner>();
  const deferred<std::string>& answer = held->answer;
  std::string seen;
  answer.add_errback([&](const std::exception_ptr& error) {
    held.reset();
    return seen = told(error);
  });
  answer.errback(std::runtime_error("no"));
  EXPECT_EQ(seen, "no");
}

TEST(deferred, whose_canceller_lets_go_of_its_owner_is_cancelled_all_the_same) {
  std::unique_ptr<owner> held;
  held = std::make_unique<owner>(owner{deferred<std::string>([&held] { held.reset(); })});
  const deferred<std::string>& answer = held->answer;
  std::string seen;
  answer.add_both([] {}).add_errback([&seen](const std::exception_ptr& error) { return seen = told(error); });
  answer.cancel();
  EXPECT_EQ(seen, "cancelled");
}

TEST(deferred, whose_canceller_keeps_its_owner_may_be_called_all_the_same) {
  auto held = std::make_shared<std::optional<owner>>();
  held->emplace(deferred<std::string>([held] {}));
  const deferred<std::string>& answer = (*held)->answer;
  std::string seen;
  answer.add_callback([&seen](std::string text) { seen = std::move(text); });
  held.reset();
  answer.callback(std::string(60, 'x'));
  EXPECT_EQ(seen, std::string(60, 'x'));
}

TEST(deferred, unpaused_by_whom_its_callback_lets_go_of_still_hands_its_result_on) {
  auto held = std::make_unique<owner>();
  const deferred<std::string>& answer = held->answer;
  std::string seen;
  answer.pause();
  answer.add_both([&held] { held.reset(); }).add_callback([&seen](std::string text) { seen = std::move(text); });
  answer.callback(std::string(60, 'x'));
  answer.unpause();
  EXPECT_EQ(seen, std::string(60, 'x'));
}

TEST(deferred, that_has_a_result_may_lose_its_owner_to_the_callback_that_is_added) {
  auto held = std::make_unique<owner>(owner{hocket::succeed(std::string(60, 'x'))});
  std::string seen;
  held->answer.add_both([&held] { held.reset(); }).add_callback([&seen](std::string text) { seen = std::move(text); });
  EXPECT_EQ(seen, std::string(60, 'x'));
}

TEST(deferred, called_twice_is_an_error) {
  const deferred<int> d;
  d.callback(1);
  EXPECT_THROW(d.callback(2), hocket::invalid_state_error);
  EXPECT_THROW(d.errback(std::runtime_error("late")), hocket::invalid_state_error);
}

TEST(deferred, a_second_callback_is_added_to_what_the_first_gave) {
  const deferred<int> d;
  d.add_callback([](int) {});
  EXPECT_THROW(d.add_callback([](int) {}), hocket::invalid_state_error);
}

TEST(deferred, paused_it_keeps_its_result_until_it_is_unpaused_as_often) {
  const deferred<int> d;
  int seen = 0;
  d.add_callback([&seen](int n) { seen = n; });
  d.pause();
  d.pause();
  d.callback(4);
  d.unpause();
  EXPECT_EQ(seen, 0);
  d.unpause();
  EXPECT_EQ(seen, 4);
  EXPECT_THROW(d.unpause(), hocket::invalid_state_error);
}

TEST(deferred, cancelled_asks_the_canceller_at_the_head_of_the_chain) {
  int asked = 0;
  const deferred<int> d([&asked] { ++asked; });
  std::string seen;
  const auto end = d.add_callback([](int n) { return n; })
                       .add_callback([](int) {})
                       .add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  end.cancel();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(seen, "cancelled");
  end.cancel();
  EXPECT_EQ(asked, 1);
}

TEST(deferred, a_canceller_may_give_a_result_itself) {
  std::unique_ptr<deferred<std::string>> d;
  d = std::make_unique<deferred<std::string>>([&d] { d->callback("half of it"); });
  std::string seen;
  d->add_callback([&seen](const std::string& text) { seen = text; });
  d->cancel();
  EXPECT_EQ(seen, "half of it");
}

TEST(deferred, without_a_canceller_the_result_that_comes_all_the_same_is_dropped_once) {
  const deferred<int> d;
  std::string seen;
  d.add_callback([](int) {}).add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  d.cancel();
  EXPECT_EQ(seen, "cancelled");
  EXPECT_NO_THROW(d.callback(1));
  EXPECT_THROW(d.callback(1), hocket::invalid_state_error);
}

TEST(deferred, cancelled_while_it_waits_for_an_inner_one_cancels_that) {
  int asked = 0;
  const deferred<> inner([&asked] { ++asked; });
  std::string seen;
  const auto end =
      hocket::succeed().add_callback([&inner] { return inner; }).add_errback([&seen](const std::exception_ptr& error) {
        seen = told(error);
      });
  end.cancel();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(seen, "cancelled");
}

TEST(deferred, a_result_may_be_handed_on_to_another) {
  const deferred<int> first;
  const deferred<int> second;
  first.chain_deferred(second);
  int seen = 0;
  second.add_callback([&seen](int n) { seen = n; });
  first.callback(9);
  EXPECT_EQ(seen, 9);
}

TEST(deferred, maybe_takes_what_a_function_gives_throws_or_defers) {
  std::vector<std::string> seen;
  hocket::maybe_deferred([] { return 1; }).add_callback([&seen](int n) { seen.push_back(std::to_string(n)); });
  hocket::maybe_deferred([] {
    throw std::runtime_error("thrown");
  }).add_errback([&seen](const std::exception_ptr& error) { seen.push_back(told(error)); });
  hocket::maybe_deferred([] { return hocket::succeed(2); }).add_callback([&seen](int n) {
    seen.push_back(std::to_string(n));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "thrown", "2"}));
}

HOCKET_TEST(deferred, an_error_that_nobody_takes_is_told_once_with_where_the_deferred_was_made) {
  std::vector<hocket::exception_context> reports;
  loop::running().set_exception_handler(
      [&reports](const hocket::exception_context& problem) { reports.push_back(problem); });
  unsigned line = 0;
  {
    line = __LINE__ + 1;
    const deferred<int> d;
    d.add_callback([](int n) { return n; }).add_callback([](int) {});
    d.errback(std::runtime_error("lost"));
  }
  EXPECT_EQ(reports.size(), 1U);
  if (!reports.empty()) {
    EXPECT_EQ(reports[0].message, "an error in a deferred was not handled");
    EXPECT_EQ(told(reports[0].exception), "lost");
    EXPECT_EQ(reports[0].where.line(), line);
  }
  loop::running().set_exception_handler({});
  co_return;
}

TEST(deferred, an_error_that_nobody_takes_is_printed_once_where_no_loop_runs) {
  unsigned line = 0;
  testing::internal::CaptureStderr();
  {
    line = __LINE__ + 1;
    const deferred<int> d;
    d.add_callback([](int n) { return n; }).add_callback([](int) {});
    d.errback(std::runtime_error("lost"));
  }
  const std::string printed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(printed, "hocket: an error in a deferred was not handled: lost (made at " + std::string(__FILE__) + ":" +
                         std::to_string(line) + ")\n");
}

TEST(deferred, an_error_that_nobody_takes_is_printed_after_the_run_that_it_outlives) {
  std::optional<deferred<>> left;
  hocket::run([](std::optional<deferred<>>& made) -> coro<void> {
    made = hocket::fail(std::make_exception_ptr(std::runtime_error("lost")));
    co_return;
  }(left));
  testing::internal::CaptureStderr();
  left.reset();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("was not handled: lost (made at "), std::string::npos);
}

HOCKET_TEST(deferred, is_awaited_by_coroutines) {
  const deferred<int> d;
  loop::running().call_later(1s, [d] { d.callback(5); });
  EXPECT_EQ(co_await d, 5);
  const deferred<> failing;
  loop::running().call_later(1s, [failing] { failing.errback(std::runtime_error("bad")); });
  EXPECT_THROW(co_await failing, std::runtime_error);
}

coro<void> await_it(deferred<int> d) { co_await d; }

HOCKET_TEST(deferred, a_cancelled_awaiter_cancels_it) {
  int asked = 0;
  const deferred<int> d([&asked] { ++asked; });
  auto waits = hocket::create_task(await_it(d));
  co_await wait_all_tasks_blocked();
  waits.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waits));
  EXPECT_EQ(asked, 1);
}

HOCKET_TEST(deferred, cancelled_by_somebody_its_awaiter_gets_that) {
  const deferred<int> d;
  auto waits = hocket::create_task(await_it(d));
  co_await wait_all_tasks_blocked();
  d.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waits));
}

coro<std::string> greet(std::string whom) {
  co_await hocket::sleep(1s);
  if (whom.empty()) throw std::runtime_error("nobody");
  co_return "hello " + whom;
}

HOCKET_TEST(deferred, is_made_of_a_coroutine) {
  EXPECT_EQ(co_await hocket::ensure_deferred(greet("you")).add_callback([](std::string text) { return text + "!"; }),
            "hello you!");
  EXPECT_EQ(co_await hocket::ensure_deferred(greet("")).add_errback(
                [](const std::exception_ptr& error) { return told(error); }),
            "nobody");
}

HOCKET_TEST(deferred, cancelled_cancels_the_coroutine_that_it_is_made_of) {
  bool cleaned_up = false;
  const auto long_work = [&cleaned_up]() -> coro<void> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      cleaned_up = true;
      throw;
    }
  };
  const auto work = hocket::ensure_deferred(long_work());
  co_await wait_all_tasks_blocked();
  std::string seen;
  const auto end = work.add_errback([&seen](const std::exception_ptr& error) { seen = told(error); });
  end.cancel();
  co_await hocket::sleep(1s);
  EXPECT_TRUE(cleaned_up);
  EXPECT_EQ(seen, "cancelled");
}

HOCKET_TEST(deferred, of_a_coroutine_has_its_result_when_that_has_cleaned_up) {
  std::string order;
  const auto slow_to_end = [&order]() -> coro<void> {
    bool was_cancelled = false;
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      was_cancelled = true;
    }
    co_await hocket::sleep(1s);
    order += "cleaned up; ";
    if (was_cancelled) throw hocket::cancelled{};
  };
  const auto waits = [&]() -> coro<void> { co_await hocket::ensure_deferred(slow_to_end()); };
  auto waiting = hocket::create_task(waits());
  co_await wait_all_tasks_blocked();
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  order += "given up";
  EXPECT_EQ(order, "cleaned up; given up");
}

HOCKET_TEST(deferred, a_value_that_has_come_is_not_lost_to_a_cancellation) {
  const hocket::deferred_lock lock;
  static_cast<void>(lock.acquire());
  bool has_it = false;
  const auto wants = [&]() -> coro<void> {
    co_await lock.acquire();
    has_it = true;
    try {
      co_await hocket::sleep(1s);
    } catch (const hocket::cancelled&) {
      lock.release();
      throw;
    }
  };
  auto waiting = hocket::create_task(wants());
  co_await wait_all_tasks_blocked();
  lock.release();
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  EXPECT_TRUE(has_it);
  EXPECT_FALSE(lock.locked());
}

HOCKET_TEST(deferred, times_out) {
  int asked = 0;
  const deferred<int> slow([&asked] { ++asked; });
  const auto begin = loop::running().time();
  EXPECT_THROW(co_await slow.add_timeout(2s), hocket::timeout_error);
  EXPECT_EQ(loop::running().time() - begin, 2s);
  EXPECT_EQ(asked, 1);
  const deferred<int> quick;
  loop::running().call_later(1s, [quick] { quick.callback(1); });
  EXPECT_EQ(co_await quick.add_timeout(2s), 1);
}

TEST(deferred, a_chain_of_any_length_is_dropped_unfired) {
  const auto watched = std::make_shared<int>(1);
  {
    deferred<> last;
    const deferred<> first = last;
    for (int n = 0; n < 100'000; ++n) last = last.add_callback([watched] {});
  }
  EXPECT_EQ(watched.use_count(), 1);
}

HOCKET_TEST(defer_later, calls_after_a_while_unless_cancelled) {
  const auto begin = loop::running().time();
  EXPECT_EQ(co_await hocket::defer_later(3s, [] { return 8; }), 8);
  EXPECT_EQ(loop::running().time() - begin, 3s);
  bool called = false;
  const auto later =
      hocket::defer_later(3s, [&called] { called = true; }).add_errback([](const std::exception_ptr&) {});
  later.cancel();
  co_await hocket::sleep(5s);
  EXPECT_FALSE(called);
}

TEST(defer_later, keeps_nothing_when_the_run_ends_before_its_time) {
  const auto watched = std::make_shared<int>(1);
  hocket::run([](std::shared_ptr<int> held) -> coro<void> {
    hocket::defer_later(24h, [held] {});
    co_return;
  }(watched));
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(reactor, calls_what_was_given_before_the_run_in_its_first_turn) {
  std::vector<int> order;
  hocket::reactor::call_when_running([&order] { order.push_back(1); });
  hocket::reactor::call_when_running([&order] { order.push_back(2); });
  hocket::run([]() -> coro<void> { co_await hocket::sleep(0s); }());
  EXPECT_EQ(order, (std::vector{1, 2}));
  hocket::run([]() -> coro<void> { co_await hocket::sleep(0s); }());
  EXPECT_EQ(order, (std::vector{1, 2}));
}

HOCKET_TEST(reactor, has_twisteds_words) {
  std::vector<int> order;
  hocket::reactor::call_later(1s, [&order] { order.push_back(2); });
  hocket::reactor::call_when_running([&order] { order.push_back(1); });
  auto taken_back = hocket::reactor::call_later(1s, [&order] { order.push_back(9); });
  taken_back.cancel();
  hocket::reactor::call_from_thread(loop::running(), [&order] { order.push_back(1); });
  co_await hocket::sleep(2s);
  EXPECT_EQ(order, (std::vector{1, 1, 2}));
}

HOCKET_TEST(deferred, callbacks_may_be_coroutine_functions) {
  const std::string greeting = "hello ";
  const auto greeted =
      hocket::succeed(std::string("you")).add_callback([greeting](const std::string& whom) -> coro<std::string> {
        co_await hocket::sleep(1s);
        co_return greeting + whom;  // both are there still
      });
  EXPECT_FALSE(greeted.called());
  EXPECT_EQ(co_await greeted.add_callback([](std::string text) { return text + "!"; }), "hello you!");
}

HOCKET_TEST(deferred, errbacks_may_be_coroutine_functions) {
  const auto mended = hocket::fail<int>(std::make_exception_ptr(std::runtime_error("broken")))
                          .add_errback([](const std::exception_ptr& error) -> coro<int> {
                            co_await hocket::sleep(1s);
                            co_return static_cast<int>(told(error).size());
                          });
  EXPECT_EQ(co_await mended, 6);
}

HOCKET_TEST(deferred, that_waits_for_a_coroutine_function_cancels_it) {
  bool was_cancelled = false;
  const auto waits = hocket::succeed().add_callback([&was_cancelled]() -> coro<void> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      was_cancelled = true;
      throw;
    }
  });
  co_await hocket::sleep(1s);
  waits.cancel();
  EXPECT_THROW(co_await waits, hocket::cancelled);
  EXPECT_TRUE(was_cancelled);
}

HOCKET_TEST(maybe_deferred, runs_a_coroutine_function) {
  EXPECT_EQ(co_await hocket::maybe_deferred([]() -> coro<int> { co_return 3; }), 3);
  EXPECT_EQ(co_await hocket::defer_later(1s, []() -> coro<int> { co_return 4; }), 4);
}

HOCKET_TEST(deferred, add_both_waits_for_what_its_function_defers_and_passes_on_what_there_was) {
  const deferred<> cleaned_up;
  const auto value = hocket::succeed(7).add_both([cleaned_up] { return cleaned_up; });
  EXPECT_FALSE(value.called());
  cleaned_up.callback();
  EXPECT_EQ(co_await value, 7);
  bool has_run = false;
  const auto error =
      hocket::fail<int>(std::make_exception_ptr(std::runtime_error("broken"))).add_both([&has_run]() -> coro<void> {
        co_await hocket::sleep(1s);
        has_run = true;
      });
  try {
    co_await error;
    ADD_FAILURE();
  } catch (const std::runtime_error& broken) {
    EXPECT_STREQ(broken.what(), "broken");
  }
  EXPECT_TRUE(has_run);
}

HOCKET_TEST(defer_to_thread, gives_what_the_function_gives_and_calls_back_on_the_loops_thread) {
  const auto here = std::this_thread::get_id();
  const auto elsewhere = hocket::defer_to_thread([] { return std::this_thread::get_id(); });
  EXPECT_TRUE(co_await elsewhere.add_callback([here](std::thread::id there) {
    EXPECT_NE(there, here);
    return std::this_thread::get_id() == here;
  }));
  EXPECT_EQ(co_await hocket::defer_to_thread([]() -> int {
              throw std::runtime_error("theirs");
            }).add_errback([](const std::exception_ptr&) { return 5; }),
            5);
}

}  // namespace
