#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <hocket/core/context_var.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/signals.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;
using hocket::signal_receiver;
using hocket::testing::wait_all_tasks_blocked;

auto action_of(int number) {
  struct sigaction current{};
  ::sigaction(number, nullptr, &current);
  return current.sa_handler;
}

// ---- callbacks

HOCKET_TEST(signal_handler, is_called_by_the_loop_and_not_where_the_signal_strikes) {
  bool called = false;
  loop::running().add_signal_handler(SIGUSR1, [&] { called = true; });
  ::raise(SIGUSR1);
  EXPECT_FALSE(called);
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(called);
}

HOCKET_TEST(signal_handler, is_called_once_for_each_signal) {
  int calls = 0;
  loop::running().add_signal_handler(SIGUSR1, [&] { ++calls; });
  for (int n = 0; n < 3; ++n) ::raise(SIGUSR1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(calls, 3);
}

HOCKET_TEST(signal_handler, loses_none_of_a_storm_of_signals_on_many_threads) {
  int calls = 0;
  loop::running().add_signal_handler(SIGUSR1, [&] { ++calls; });
  constexpr int threads = 4, each = 25'000;
  std::vector<std::thread> storm;
  for (int n = 0; n < threads; ++n)
    storm.emplace_back([] {
      for (int m = 0; m < each; ++m) ::raise(SIGUSR1);
    });
  co_await hocket::to_thread([&] {
    for (auto& thread : storm) thread.join();
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(calls, threads * each);
}

HOCKET_TEST(signal_handler, leaves_turns_to_others_while_many_signals_are_untold) {
  int calls = 0;
  loop::running().add_signal_handler(SIGUSR1, [&] { ++calls; });
  for (int n = 0; n < 100; ++n) ::raise(SIGUSR1);
  co_await hocket::sleep(0s);
  co_await hocket::sleep(0s);
  EXPECT_LT(calls, 4);
  loop::running().remove_signal_handler(SIGUSR1);  // it refers to this frame
}

HOCKET_REAL_TIME_TEST(signal_handler, wakes_a_loop_that_sleeps_in_the_kernel) {
  hocket::future<void> came;
  loop::running().add_signal_handler(SIGUSR1, [&] { came.set_result(); });
  std::jthread other([] { ::kill(::getpid(), SIGUSR1); });
  co_await came;
}

HOCKET_TEST(signal_handler, replaces_the_one_before_it) {
  std::string called;
  loop::running().add_signal_handler(SIGUSR1, [&] { called += "first"; });
  loop::running().add_signal_handler(SIGUSR1, [&] { called += "second"; });
  ::raise(SIGUSR1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(called, "second");
}

HOCKET_TEST(signal_handler, may_remove_itself) {
  int calls = 0;
  ::signal(SIGUSR1, SIG_IGN);
  loop::running().add_signal_handler(SIGUSR1, [&, kept = std::string("a long string that is not kept inside")] {
    loop::running().remove_signal_handler(SIGUSR1);
    calls += kept.empty() ? 2 : 1;
  });
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(calls, 1);
  ::signal(SIGUSR1, SIG_DFL);
}

HOCKET_TEST(signal_handler, leaves_the_earlier_action_when_it_is_removed) {
  ::signal(SIGUSR1, SIG_IGN);
  loop::running().add_signal_handler(SIGUSR1, [] {});
  EXPECT_NE(action_of(SIGUSR1), SIG_IGN);
  EXPECT_TRUE(loop::running().remove_signal_handler(SIGUSR1));
  EXPECT_EQ(action_of(SIGUSR1), SIG_IGN);
  EXPECT_FALSE(loop::running().remove_signal_handler(SIGUSR1));
  ::signal(SIGUSR1, SIG_DFL);
  co_return;
}

HOCKET_TEST(signal_handler, does_not_undo_what_others_have_installed_since) {
  loop::running().add_signal_handler(SIGUSR1, [] {});
  ::signal(SIGUSR1, SIG_IGN);
  loop::running().remove_signal_handler(SIGUSR1);
  EXPECT_EQ(action_of(SIGUSR1), SIG_IGN);
  ::signal(SIGUSR1, SIG_DFL);
  co_return;
}

coro<void> handle_usr1() {
  loop::running().add_signal_handler(SIGUSR1, [] {});
  ::raise(SIGUSR1);
  co_return;
}

TEST(signal_handler, goes_with_its_loop) {
  hocket::run(handle_usr1());
  EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
}

coro<int> count_signals(int wanted, std::atomic<int>& ready) {
  int calls = 0;
  hocket::future<void> all;
  loop::running().add_signal_handler(SIGUSR2, [&] {
    if (++calls == wanted) all.set_result();
  });
  ++ready;
  co_await all;
  co_return calls;
}

TEST(signal_handler, of_each_of_several_loops_is_called) {
  constexpr int loops = 3, signals = 100;
  std::atomic<int> ready = 0, told = 0;
  std::vector<std::thread> threads;
  for (int n = 0; n < loops; ++n) threads.emplace_back([&] { told += hocket::run(count_signals(signals, ready)); });
  while (ready < loops) std::this_thread::yield();
  for (int n = 0; n < signals; ++n) ::raise(SIGUSR2);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(told, loops * signals);
  EXPECT_EQ(action_of(SIGUSR2), SIG_DFL);
}

// Loops come and go while signals strike: the handler must never find one that is gone.
TEST(signal_handler, of_a_loop_that_ends_is_not_called_by_a_signal_under_way) {
  ::signal(SIGUSR1, SIG_IGN);
  std::atomic<bool> enough = false;
  std::thread storm([&] {
    while (!enough) ::raise(SIGUSR1);
  });
  for (int n = 0; n < 200; ++n) hocket::run(handle_usr1());
  enough = true;
  storm.join();
  ::signal(SIGUSR1, SIG_DFL);
}

HOCKET_TEST(signal_handler, runs_in_the_context_in_which_it_was_added) {
  static hocket::context_var<int> number{"number", 0};
  number.set(7);
  int seen = 0;
  loop::running().add_signal_handler(SIGUSR1, [&] { seen = number.get(); });
  number.set(8);
  ::raise(SIGUSR1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(seen, 7);
}

HOCKET_TEST(signal_handler, that_throws_is_reported_and_called_again) {
  std::vector<std::string> reports;
  loop::running().set_exception_handler(
      [&](const hocket::exception_context& told) { reports.push_back(told.message); });
  loop::running().add_signal_handler(SIGUSR1, [] { throw std::runtime_error("no"); });
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(reports, (std::vector<std::string>{"a callback threw", "a callback threw"}));
}

std::string refusal_of(int number) {
  try {
    loop::running().add_signal_handler(number, [] {});
  } catch (const std::exception& refused) {
    return refused.what();
  }
  return "";
}

HOCKET_TEST(signal_handler, is_refused_for_signals_that_nobody_can_handle) {
  EXPECT_EQ(refusal_of(SIGKILL), "nobody can handle SIGKILL");
  EXPECT_EQ(refusal_of(SIGSEGV), "a loop cannot handle SIGSEGV: what raised it would raise it again");
  EXPECT_EQ(refusal_of(0), "there is no signal 0");
  EXPECT_EQ(refusal_of(65), "there is no signal 65");
  EXPECT_EQ(refusal_of(32), "cannot handle signal 32: Invalid argument");  // the C library keeps it to itself
  co_return;
}

// ---- SIGINT, which `run` handles too

class signal_death_test : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    ::signal(SIGINT, SIG_DFL);
  }
};

coro<void> handle_sigint_and_stop_handling() {
  int calls = 0;
  loop::running().add_signal_handler(SIGINT, [&] { ++calls; });
  for (int n = 0; n < 3; ++n) ::raise(SIGINT);
  co_await wait_all_tasks_blocked();
  std::fprintf(stderr, "%d calls;", calls);
  loop::running().remove_signal_handler(SIGINT);
  ::raise(SIGINT);
  try {
    co_await hocket::sleep(1h);
  } catch (const hocket::cancelled&) {
    std::fputs("cancelled;", stderr);
    throw;
  }
}

TEST_F(signal_death_test, sigint_cancels_main_unless_it_has_a_handler) {
  EXPECT_EXIT(hocket::run(handle_sigint_and_stop_handling()), testing::KilledBySignal(SIGINT), "^3 calls;cancelled;$");
}

coro<void> keep_handling_sigint() {
  loop::running().add_signal_handler(SIGINT, [] {});
  co_return;
}

TEST_F(signal_death_test, sigint_ends_the_process_after_a_run_that_handled_it) {
  const auto program = [] {
    hocket::run(keep_handling_sigint());
    ::raise(SIGINT);
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "");
}

TEST_F(signal_death_test, sigint_cancels_the_main_task_of_a_run_behind_one_that_handled_it) {
  const auto program = [] {
    hocket::run(keep_handling_sigint());
    hocket::run(handle_sigint_and_stop_handling());
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^3 calls;cancelled;$");
}

coro<void> end_by(int number) {
  {
    const signal_receiver term{SIGTERM};
  }
  ::raise(number);
  co_return;
}

TEST_F(signal_death_test, sigterm_ends_the_process_if_nobody_handles_it) {
  EXPECT_EXIT(hocket::run(end_by(SIGTERM)), testing::KilledBySignal(SIGTERM), "");
}

// ---- receivers

HOCKET_TEST(signal_receiver, gives_signals_to_the_task_that_waits) {
  signal_receiver signals{SIGUSR1, SIGUSR2};
  auto waiting = hocket::create_task(signals.receive());
  co_await wait_all_tasks_blocked();
  ::raise(SIGUSR2);
  EXPECT_EQ(co_await waiting, SIGUSR2);
}

HOCKET_TEST(signal_receiver, keeps_signals_that_come_before_they_are_waited_for) {
  signal_receiver signals{SIGUSR1, SIGUSR2};
  ::raise(SIGUSR2);
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(co_await signals.receive(), SIGUSR1);
  EXPECT_EQ(co_await signals.receive(), SIGUSR1);
  EXPECT_EQ(co_await signals.receive(), SIGUSR2);
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled([](auto& from) -> hocket::task<int> {
    auto waiting = hocket::create_task(from.receive());
    waiting.cancel();
    return waiting;
  }(signals)));
}

HOCKET_TEST(signal_receiver, is_an_async_generator) {
  signal_receiver received{SIGUSR1};
  auto signals = received.signals();
  for (int n = 0; n < 3; ++n) {
    ::raise(SIGUSR1);
    EXPECT_EQ(co_await signals.next(), SIGUSR1);
  }
}

HOCKET_TEST(signal_receiver, leaves_a_signal_that_woke_a_cancelled_task_to_the_next_one) {
  signal_receiver signals{SIGUSR1};
  auto first = hocket::create_task(signals.receive());
  co_await wait_all_tasks_blocked();
  loop::running().call_soon([&] { first.cancel(); });
  ::raise(SIGUSR1);
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(first));
  EXPECT_EQ(co_await signals.receive(), SIGUSR1);
}

HOCKET_TEST(signal_receiver, shares_signals_with_others_and_with_a_handler) {
  int calls = 0;
  signal_receiver one{SIGUSR1};
  signal_receiver other{SIGUSR1, SIGUSR1};
  loop::running().add_signal_handler(SIGUSR1, [&] { ++calls; });
  ::raise(SIGUSR1);
  EXPECT_EQ(co_await one.receive(), SIGUSR1);
  EXPECT_EQ(co_await other.receive(), SIGUSR1);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(loop::running().remove_signal_handler(SIGUSR1));
  ::raise(SIGUSR1);
  EXPECT_EQ(co_await other.receive(), SIGUSR1);
  EXPECT_EQ(calls, 1);
}

HOCKET_TEST(signal_receiver, leaves_the_earlier_action_when_it_goes) {
  {
    const signal_receiver signals{SIGUSR1};
    EXPECT_NE(action_of(SIGUSR1), SIG_DFL);
  }
  EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
  co_return;
}

HOCKET_TEST(signal_receiver, of_a_signal_that_nobody_can_handle_takes_none) {
  EXPECT_THROW(signal_receiver({SIGUSR1, SIGKILL}), std::invalid_argument);
  EXPECT_THROW(signal_receiver(std::span<const int>()), std::invalid_argument);
  EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
  co_return;
}

TEST(signal_receiver, is_cancelled_anywhere_without_losing_a_signal) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    signal_receiver signals{SIGUSR1};
    loop::running().call_soon([] { ::raise(SIGUSR1); });
    co_await signals.receive();
  });
  EXPECT_GE(report.runs, 2U);
  EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
}

}  // namespace
