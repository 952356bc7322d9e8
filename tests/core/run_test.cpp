#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/base/arena.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/virtual_clock.hpp>

using namespace std::chrono_literals;

namespace {

hocket::coro<int> seven() { co_return 7; }

/// Sleeps an hour; when cancelled, cleans up for a while first.
hocket::coro<void> clean_up_when_cancelled(std::string& trace) {
  const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
  co_await hocket::sleep(1s);
  trace += "cleaned up;";
  if (!outcome) std::rethrow_exception(outcome.error());
}

TEST(run, gives_the_result_of_main) { EXPECT_EQ(hocket::run(seven()), 7); }

TEST(run, gives_a_result_that_can_only_be_moved) {
  const auto main = []() -> hocket::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  EXPECT_EQ(*hocket::run(main()), 7);
}

TEST(run, throws_the_exception_of_main) {
  const auto main = []() -> hocket::coro<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  EXPECT_THROW(hocket::run(main()), std::runtime_error);
}

TEST(run, throws_cancelled_if_main_cancelled_itself) {
  const auto main = []() -> hocket::coro<void> {
    hocket::current_task().cancel();
    co_await hocket::sleep(1h);
  };
  EXPECT_THROW(hocket::run(main()), hocket::cancelled);
}

TEST(run, cancels_the_tasks_that_are_left_and_waits_until_they_have_cleaned_up) {
  hocket::testing::virtual_clock time;
  std::string trace;
  const auto main = [&trace]() -> hocket::coro<void> {
    hocket::create_task(clean_up_when_cancelled(trace));
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(1s);
    trace += "main ended;";
  };
  hocket::run(main(), {.clock = &time});
  EXPECT_EQ(trace, "main ended;cleaned up;cleaned up;");
}

TEST(run, ends_tasks_too_that_cleaning_up_has_started) {
  hocket::testing::virtual_clock time;
  std::string trace;
  const auto stubborn = [&trace]() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(1s);
  };
  const auto main = [&]() -> hocket::coro<void> {
    hocket::create_task(stubborn());
    co_await hocket::sleep(1s);
  };
  hocket::run(main(), {.clock = &time});
  EXPECT_EQ(trace, "cleaned up;");
}

TEST(run, leaves_no_task_behind_that_the_last_callback_creates) {
  const long before = hocket::arena::live_blocks();
  const auto main = []() -> hocket::coro<void> {
    auto background = hocket::create_task(hocket::sleep(1h));
    background.add_done_callback([] {
      hocket::loop::running().call_soon([] { hocket::create_task(hocket::sleep(1h)); });  // no other task is left then
    });
    co_await hocket::sleep(1ms);
  };
  hocket::run(main());
  EXPECT_EQ(hocket::arena::live_blocks(), before);
}

TEST(run, cleans_up_even_if_main_throws) {
  hocket::testing::virtual_clock time;
  std::string trace;
  const auto main = [&trace]() -> hocket::coro<void> {
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(1s);
    throw std::runtime_error("broken");
  };
  EXPECT_THROW(hocket::run(main(), {.clock = &time}), std::runtime_error);
  EXPECT_EQ(trace, "cleaned up;");
}

TEST(run, throws_if_the_loop_is_stopped_before_main_has_ended) {
  const auto main = []() -> hocket::coro<std::string> {
    hocket::loop::running().stop();
    co_await hocket::sleep(1h);
    co_return "seven";
  };
  EXPECT_THROW(hocket::run(main()), hocket::invalid_state_error);
}

TEST(run, refuses_to_run_inside_a_running_loop) {
  const auto main = []() -> hocket::coro<bool> {
    try {
      hocket::run(seven());
    } catch (const hocket::invalid_state_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(hocket::run(main()));
}

TEST(run, may_be_called_again_and_again) {
  for (int n = 0; n < 20; ++n) EXPECT_EQ(hocket::run(seven()), 7);
}

TEST(run, runs_a_loop_on_each_thread_that_calls_it) {
  const auto main = []() -> hocket::coro<int> {
    int turns = 0;
    for (; turns < 100; ++turns) co_await hocket::sleep(0s);
    co_return turns;
  };
  int elsewhere = 0;
  std::thread other([&] { elsewhere = hocket::run(main()); });
  EXPECT_EQ(hocket::run(main()), 100);
  other.join();
  EXPECT_EQ(elsewhere, 100);
}

TEST(run, uses_the_backend_that_is_named) {
  const auto main = []() -> hocket::coro<std::string> { co_return std::string(hocket::loop::running().io().name()); };
  EXPECT_EQ(hocket::run(main(), {.backend = hocket::backend_kind::epoll}), "epoll");
}

TEST(runner, runs_one_main_after_another_on_the_same_loop) {
  hocket::runner runner;
  const auto main = []() -> hocket::coro<hocket::loop*> { co_return &hocket::loop::running(); };
  EXPECT_EQ(runner.run(main()), &runner.get_loop());
  EXPECT_EQ(runner.run(main()), &runner.get_loop());
}

TEST(runner, keeps_other_tasks_for_the_next_main) {
  hocket::testing::virtual_clock time;
  hocket::runner runner({.clock = &time});
  bool ended = false;
  const auto background = [&ended]() -> hocket::coro<void> {
    co_await hocket::sleep(2s);
    ended = true;
  };
  const auto start = [&]() -> hocket::coro<void> {
    hocket::create_task(background());
    co_return;
  };
  const auto wait = []() -> hocket::coro<void> { co_await hocket::sleep(3s); };
  runner.run(start());
  EXPECT_FALSE(ended);
  runner.run(wait());
  EXPECT_TRUE(ended);
}

TEST(runner, cleans_up_when_it_is_destroyed) {
  hocket::testing::virtual_clock time;
  std::string trace;
  const auto start = [&trace]() -> hocket::coro<void> {
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(1s);
  };
  {
    hocket::runner runner({.clock = &time});
    runner.run(start());
    EXPECT_EQ(trace, "");
  }
  EXPECT_EQ(trace, "cleaned up;");
}

// ---- programs: each a process of its own, whose end is looked at

/// Runs `main` in a child process as a program does whose main() only calls `run`: nobody on its stack catches anything, as
/// a test's own stack does. Then ends this process the way the child ended.
void run_where_nobody_catches(hocket::coro<void> (*main)()) {
  std::thread bare_stack([main] {
    const pid_t child = ::fork();
    if (child == 0) {
      hocket::run(main());
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
      ::signal(WTERMSIG(status), SIG_DFL);
      ::raise(WTERMSIG(status));
    }
    ::_exit(WEXITSTATUS(status));
  });
  bare_stack.join();
}

hocket::coro<void> print_cleanup() {
  const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
  co_await hocket::sleep(1ms);
  std::fputs("cleaned up;", stderr);
  std::rethrow_exception(outcome.error());
}

TEST(run_death_test, cleans_up_even_if_nobody_catches_what_main_throws) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto main = []() -> hocket::coro<void> {
    hocket::create_task(print_cleanup());
    co_await hocket::sleep(1ms);
    throw std::runtime_error("broken");
  };
  EXPECT_EXIT(run_where_nobody_catches(main), testing::KilledBySignal(SIGABRT), "^cleaned up;");
}

// ---- SIGINT

void behave_like_a_program_started_by_a_shell() {
  ::signal(SIGINT, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

hocket::coro<void> interrupted_main() {
  hocket::loop::running().call_soon([] { ::raise(SIGINT); });
  try {
    co_await hocket::sleep(1h);
  } catch (const hocket::cancelled&) {
    std::fputs("main cancelled;", stderr);
    throw;
  }
}

class sigint_death_test : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(sigint_death_test, the_first_one_cancels_main_and_ends_the_process_after_the_cleanup) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    const auto main = []() -> hocket::coro<void> {
      hocket::create_task(print_cleanup());
      co_await interrupted_main();
    };
    try {
      hocket::run(main());
    } catch (...) {
    }
    std::fputs("run returned;", stderr);
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^main cancelled;cleaned up;$");
}

TEST_F(sigint_death_test, the_first_one_ends_the_process_after_the_cleanup_even_if_nobody_catches_cancelled) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    run_where_nobody_catches([]() -> hocket::coro<void> {
      hocket::create_task(print_cleanup());
      co_await interrupted_main();
    });
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^main cancelled;cleaned up;$");
}

TEST_F(sigint_death_test, the_first_one_is_not_lost_to_a_runner_on_another_thread) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    const auto main = []() -> hocket::coro<void> {
      const auto outcome = co_await hocket::as_result(interrupted_main());
      std::thread([] { hocket::run(seven()); }).join();
      std::rethrow_exception(outcome.error());
    };
    hocket::run(main());
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "");
}

TEST_F(sigint_death_test, the_first_one_wakes_a_loop_that_sleeps_in_the_kernel) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    const auto first_thread = ::pthread_self();
    std::thread other([first_thread] {
      std::this_thread::sleep_for(20ms);
      ::pthread_kill(first_thread, SIGINT);
    });
    other.detach();
    const auto main = []() -> hocket::coro<void> { co_await hocket::sleep(1h); };
    hocket::run(main());
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "");
}

TEST_F(sigint_death_test, the_first_one_leaves_the_process_alive_if_main_swallows_it) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    const auto main = []() -> hocket::coro<int> {
      static_cast<void>(co_await hocket::as_result(interrupted_main()));
      co_return 7;
    };
    std::exit(hocket::run(main()));
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "main cancelled;");
}

TEST_F(sigint_death_test, a_second_one_ends_the_process_at_once) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    const auto main = []() -> hocket::coro<void> {
      static_cast<void>(co_await hocket::as_result(interrupted_main()));
      std::fputs("still there;", stderr);
      ::raise(SIGINT);
      std::fputs("and still;", stderr);
    };
    hocket::run(main());
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^main cancelled;still there;$");
}

TEST_F(sigint_death_test, a_second_one_ends_a_process_whose_loop_is_stuck) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    const auto main = []() -> hocket::coro<void> {
      ::raise(SIGINT);
      for (;;) ::raise(SIGINT);
      co_return;
    };
    hocket::run(main());
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "");
}

TEST_F(sigint_death_test, it_ends_the_process_at_once_if_run_is_not_to_handle_it) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    hocket::run(interrupted_main(), {.handle_sigint = false});
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^$");
}

TEST_F(sigint_death_test, it_is_left_to_whoever_handles_it_already) {
  const auto program = [] {
    ::signal(SIGINT, [](int) { std::_Exit(9); });
    hocket::run(interrupted_main());
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(9), "^$");
}

TEST(sigint, has_its_default_action_again_after_run) {
  struct sigaction before{};
  ::signal(SIGINT, SIG_DFL);
  hocket::run(seven());
  ::sigaction(SIGINT, nullptr, &before);
  EXPECT_EQ(before.sa_handler, SIG_DFL);
}

}  // namespace
