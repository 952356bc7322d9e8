#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/barrier.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// Waits once, and notes its number, 'x' if the barrier was broken, or 'c' if it was cancelled.
hocket::coro<void> wait_and_note(hocket::barrier& gate, std::string& trace) {
  try {
    trace += std::to_string(co_await gate.wait());
  } catch (const hocket::broken_barrier_error&) {
    trace += 'x';
  } catch (const hocket::cancelled&) {
    trace += 'c';
    throw;
  }
}

std::vector<hocket::task<void>> waiters(hocket::barrier& gate, std::string& trace, int n) {
  std::vector<hocket::task<void>> made;
  for (int i = 0; i < n; ++i) made.push_back(hocket::create_task(wait_and_note(gate, trace)));
  return made;
}

// ---- filling and draining

HOCKET_TEST(barrier, refuses_to_have_no_parties) {
  EXPECT_THROW(hocket::barrier(0), std::invalid_argument);
  co_return;
}

HOCKET_TEST(barrier, never_suspends_a_single_party) {
  hocket::barrier gate(1);
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await gate.wait(), 0U);
  EXPECT_EQ(co_await gate.wait(), 0U);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(barrier, holds_tasks_until_the_last_one_is_there) {
  hocket::barrier gate(3);
  std::string trace;
  auto early = waiters(gate, trace, 2);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "");
  EXPECT_EQ(gate.n_waiting(), 2U);
  EXPECT_EQ(co_await gate.wait(), 2U);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "01");
}

HOCKET_TEST(barrier, does_not_suspend_the_last_one_to_come) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await gate.wait(), 1U);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
  EXPECT_EQ(trace, "");
  co_await early.front();
}

HOCKET_TEST(barrier, tells_its_parties) {
  const hocket::barrier gate(3);
  EXPECT_EQ(gate.parties(), 3U);
  EXPECT_EQ(gate.n_waiting(), 0U);
  EXPECT_FALSE(gate.broken());
  co_return;
}

HOCKET_TEST(barrier, counts_nobody_while_it_drains) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await gate.wait(), 1U);
  EXPECT_EQ(gate.n_waiting(), 0U);  // the other one is still inside
  co_await early.front();
}

HOCKET_TEST(barrier, can_be_used_again_and_again) {
  hocket::barrier gate(2);
  std::string trace;
  auto rounds = [&]() -> hocket::coro<void> {
    for (int n = 0; n < 3; ++n) {
      co_await wait_and_note(gate, trace);
      trace += ' ';
    }
  };
  co_await hocket::gather(rounds(), rounds());
  EXPECT_EQ(std::count(trace.begin(), trace.end(), '0'), 3);
  EXPECT_EQ(std::count(trace.begin(), trace.end(), '1'), 3);
}

HOCKET_TEST(barrier, keeps_who_comes_while_it_drains_for_the_next_round) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await gate.wait(), 1U);
  auto next = hocket::create_task(gate.wait());  // begins after `early` was woken, and would be the third
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(trace, "0");
  EXPECT_FALSE(next.done());
  EXPECT_EQ(gate.n_waiting(), 1U);
  EXPECT_EQ(co_await gate.wait(), 1U);
  EXPECT_EQ(co_await next, 0U);
}

HOCKET_TEST(barrier, makes_who_comes_while_it_drains_wait_outside) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  static_cast<void>(co_await gate.wait());  // draining: `early` has not left yet
  EXPECT_THROW(co_await hocket::wait_for(gate.wait(), 1s), hocket::timeout_error);  // alone in the next round
  EXPECT_EQ(gate.n_waiting(), 0U);
  co_await early.front();
}

// ---- abort and reset

HOCKET_TEST(barrier, throws_at_those_who_wait_when_it_is_aborted) {
  hocket::barrier gate(3);
  std::string trace;
  auto early = waiters(gate, trace, 2);
  co_await wait_all_tasks_blocked();
  gate.abort();
  EXPECT_EQ(trace, "");
  co_await early.back();
  EXPECT_EQ(trace, "xx");
  EXPECT_TRUE(gate.broken());
}

HOCKET_TEST(barrier, throws_at_who_comes_to_a_broken_one) {
  hocket::barrier gate(2);
  gate.abort();
  EXPECT_THROW(static_cast<void>(co_await gate.wait()), hocket::broken_barrier_error);
}

HOCKET_TEST(barrier, is_mended_by_a_reset) {
  hocket::barrier gate(1);
  gate.abort();
  gate.reset();
  EXPECT_FALSE(gate.broken());
  EXPECT_EQ(co_await gate.wait(), 0U);
}

HOCKET_TEST(barrier, throws_at_those_who_wait_when_it_is_reset) {
  hocket::barrier gate(3);
  std::string trace;
  auto early = waiters(gate, trace, 2);
  co_await wait_all_tasks_blocked();
  gate.reset();
  EXPECT_EQ(gate.n_waiting(), 0U);
  co_await early.back();
  EXPECT_EQ(trace, "xx");
  EXPECT_FALSE(gate.broken());
}

HOCKET_TEST(barrier, is_as_new_when_those_it_was_reset_for_have_gone) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  gate.reset();
  auto next = waiters(gate, trace, 2);
  co_await next.back();
  co_await next.front();
  EXPECT_EQ(trace, "x10");
}

HOCKET_TEST(barrier, makes_who_comes_while_it_resets_wait_outside) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  gate.reset();  // `early` has not left yet
  EXPECT_THROW(co_await hocket::wait_for(gate.wait(), 1s), hocket::timeout_error);
  co_await early.front();
  EXPECT_EQ(trace, "x");
}

HOCKET_TEST(barrier, that_is_aborted_while_it_drains_throws_at_those_who_have_not_left) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await gate.wait(), 1U);
  gate.abort();
  co_await early.front();
  EXPECT_EQ(trace, "x");
  EXPECT_TRUE(gate.broken());
}

HOCKET_TEST(barrier, that_is_reset_while_it_drains_throws_at_those_who_have_not_left) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await gate.wait(), 1U);
  gate.reset();
  co_await early.front();
  EXPECT_EQ(trace, "x");
  EXPECT_FALSE(gate.broken());
}

// ---- cancellation

HOCKET_TEST(barrier, forgets_a_cancelled_waiter_once_it_has_gone) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  early.front().cancel();
  EXPECT_TRUE(co_await ends_cancelled(early.front()));
  EXPECT_EQ(gate.n_waiting(), 0U);
  auto later = waiters(gate, trace, 2);
  co_await later.front();
  EXPECT_EQ(trace, "c10");
}

HOCKET_TEST(barrier, counts_a_cancelled_waiter_until_it_has_gone) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  early.front().cancel();
  EXPECT_EQ(co_await gate.wait(), 1U);  // as asyncio: it is still there
  EXPECT_TRUE(co_await ends_cancelled(early.front()));
  EXPECT_EQ(trace, "c");
  EXPECT_EQ(gate.n_waiting(), 0U);
}

HOCKET_TEST(barrier, lets_the_others_go_when_one_that_was_released_is_cancelled) {
  hocket::barrier gate(3);
  std::string trace;
  auto early = waiters(gate, trace, 2);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await gate.wait(), 2U);
  early.front().cancel();
  EXPECT_TRUE(co_await ends_cancelled(early.front()));
  co_await early.back();
  EXPECT_EQ(trace, "c1");
  EXPECT_EQ(gate.n_waiting(), 0U);
}

HOCKET_TEST(barrier, does_not_count_a_task_that_is_cancelled_outside) {
  hocket::barrier gate(2);
  std::string trace;
  auto early = waiters(gate, trace, 1);
  co_await wait_all_tasks_blocked();
  auto outside = [&]() -> hocket::coro<void> {
    EXPECT_EQ(co_await gate.wait(), 1U);
    hocket::current_task().cancel();
    co_await wait_and_note(gate, trace);  // draining
  };
  auto other = hocket::create_task(outside());
  EXPECT_TRUE(co_await ends_cancelled(other));
  co_await early.front();
  EXPECT_EQ(gate.n_waiting(), 0U);
}

TEST(barrier, is_empty_after_a_cancellation_at_any_suspension) {
  std::size_t left = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    hocket::barrier gate(3);
    auto work = [&gate]() -> hocket::coro<void> {
      for (int n = 0; n < 3; ++n) {
        static_cast<void>(co_await gate.wait());
        if (n == 1) co_await hocket::sleep(1s);
      }
    };
    try {
      co_await hocket::gather(work(), work(), work());
    } catch (...) {
      left += gate.n_waiting();
      throw;
    }
    left += gate.n_waiting();
  });
  EXPECT_EQ(left, 0U);
  EXPECT_GE(report.runs, 9U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

TEST(barrier_death_test, ends_the_program_that_destroys_one_with_waiters) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    auto gate = std::make_unique<hocket::barrier>(2);
    auto waiter = hocket::create_task(gate->wait());
    co_await wait_all_tasks_blocked();
    waiter.cancel();
    gate.reset();
  };
  EXPECT_DEATH(hocket::run(misuse()), "a barrier was destroyed while tasks waited at it");
}

}  // namespace
