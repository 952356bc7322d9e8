#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/base/arena.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/context_var.hpp>
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

hocket::context_var<int> number("number");

hocket::coro<int> read_number() { co_return number.get(0); }
hocket::coro<void> set_number(int to) {
  number.set(to);
  co_return;
}

TEST(runner, keeps_what_its_mains_set_of_context_variables) {
  hocket::runner runner;
  runner.run(set_number(1));
  EXPECT_EQ(runner.run(read_number()), 1);
  EXPECT_EQ(number.get(0), 0);
  hocket::runner other;
  EXPECT_EQ(other.run(read_number()), 0);
}

TEST(runner, keeps_what_a_main_that_fails_sets) {
  hocket::runner runner;
  const auto fail = []() -> hocket::coro<void> {
    number.set(2);
    throw std::runtime_error("broken");
    co_return;
  };
  EXPECT_THROW(runner.run(fail()), std::runtime_error);
  EXPECT_EQ(runner.run(read_number()), 2);
}

TEST(runner, begins_with_the_context_in_which_it_was_made) {
  hocket::context outside;
  outside.run([] {
    number.set(3);
    EXPECT_EQ(hocket::run(read_number()), 3);
  });
}

TEST(runner, gives_its_loop_until_it_is_closed) {
  hocket::runner runner;
  EXPECT_FALSE(runner.get_loop().is_closed());
  runner.close();
  EXPECT_THROW(static_cast<void>(runner.get_loop()), hocket::invalid_state_error);
  EXPECT_THROW(runner.run(seven()), hocket::invalid_state_error);
}

TEST(runner, may_be_closed_again) {
  hocket::runner runner;
  EXPECT_EQ(runner.run(seven()), 7);
  runner.close();
  runner.close();
}

TEST(runner, cleans_up_when_it_is_closed) {
  hocket::testing::virtual_clock time;
  std::string trace;
  const auto start = [&trace]() -> hocket::coro<void> {
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(1s);
  };
  hocket::runner runner({.clock = &time});
  runner.run(start());
  runner.close();
  EXPECT_EQ(trace, "cleaned up;");
}

TEST(runner, does_not_mind_that_its_loop_was_closed) {
  hocket::runner runner;
  EXPECT_EQ(runner.run(seven()), 7);
  runner.get_loop().close();
  EXPECT_THROW(runner.run(seven()), hocket::invalid_state_error);
}

TEST(runner, refuses_to_run_inside_a_running_loop) {
  hocket::runner outer;
  hocket::runner inner;
  const auto main = [&inner]() -> hocket::coro<bool> {
    try {
      inner.run(seven());
    } catch (const hocket::invalid_state_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(outer.run(main()));
}

TEST(runner, runs_again_after_a_main_that_was_stopped) {
  hocket::runner runner;
  const auto stopped = []() -> hocket::coro<void> {
    hocket::loop::running().stop();
    co_await hocket::sleep(1h);
  };
  EXPECT_THROW(runner.run(stopped()), hocket::invalid_state_error);
  EXPECT_EQ(runner.run(seven()), 7);
}

// ---- the loop of a run

TEST(run, takes_its_loop_from_a_factory) {
  hocket::loop* made = nullptr;
  const auto factory = [&made] {
    auto loop = std::make_unique<hocket::loop>(hocket::loop_options{.backend = hocket::backend_kind::epoll});
    made = loop.get();
    return loop;
  };
  const auto main = []() -> hocket::coro<hocket::loop*> { co_return &hocket::loop::running(); };
  hocket::loop* const ran = hocket::run(main(), {.loop_factory = factory});
  EXPECT_EQ(ran, made);
}

TEST(run, refuses_a_factory_that_gives_no_loop) {
  EXPECT_THROW(hocket::run(seven(), {.loop_factory = [] { return std::unique_ptr<hocket::loop>(); }}),
               hocket::invalid_state_error);
}

TEST(run, throws_what_its_factory_throws) {
  const auto factory = []() -> std::unique_ptr<hocket::loop> { throw std::runtime_error("no loop today"); };
  EXPECT_THROW(hocket::run(seven(), {.loop_factory = factory}), std::runtime_error);
}

TEST(run, asks_for_debug_mode_of_a_loop_from_a_factory_too) {
  const auto main = []() -> hocket::coro<bool> { co_return hocket::loop::running().debug(); };
  EXPECT_TRUE(hocket::run(main(), {.debug = true, .loop_factory = [] { return std::make_unique<hocket::loop>(); }}));
}

TEST(run_until_complete, gives_the_result_and_leaves_other_tasks_and_the_loop) {
  hocket::testing::virtual_clock time;
  hocket::loop loop({.clock = &time});
  bool ended = false;
  const auto background = [&ended]() -> hocket::coro<void> {
    co_await hocket::sleep(2s);
    ended = true;
  };
  const auto start = [&]() -> hocket::coro<int> {
    hocket::create_task(background());
    co_return 7;
  };
  EXPECT_EQ(hocket::run_until_complete(loop, start()), 7);
  EXPECT_FALSE(ended);
  EXPECT_FALSE(loop.is_closed());
  hocket::run_until_complete(loop, hocket::sleep(3s));
  EXPECT_TRUE(ended);
}

TEST(run_until_complete, throws_what_the_work_throws) {
  hocket::loop loop;
  const auto fail = []() -> hocket::coro<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  EXPECT_THROW(hocket::run_until_complete(loop, fail()), std::runtime_error);
  EXPECT_EQ(hocket::run_until_complete(loop, seven()), 7);
}

TEST(run_until_complete, throws_cancelled_if_the_work_was_cancelled) {
  hocket::loop loop;
  const auto give_up = []() -> hocket::coro<void> {
    hocket::current_task().cancel();
    co_await hocket::sleep(1h);
  };
  EXPECT_THROW(hocket::run_until_complete(loop, give_up()), hocket::cancelled);
}

TEST(run_until_complete, throws_if_the_loop_is_stopped_and_the_work_can_be_completed_later) {
  hocket::testing::virtual_clock time;
  hocket::loop loop({.clock = &time});
  bool ended = false;
  const auto work = [&]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ended = true;
  };
  loop.stop();
  EXPECT_THROW(hocket::run_until_complete(loop, work()), hocket::invalid_state_error);
  hocket::run_until_complete(loop, hocket::sleep(2s));
  EXPECT_TRUE(ended);
}

TEST(run_until_complete, refuses_a_closed_loop) {
  hocket::loop loop;
  loop.close();
  EXPECT_THROW(hocket::run_until_complete(loop, seven()), hocket::invalid_state_error);
}

TEST(run_until_complete, refuses_to_run_inside_a_running_loop) {
  hocket::loop other;
  const auto main = [&other]() -> hocket::coro<bool> {
    try {
      hocket::run_until_complete(other, seven());
    } catch (const hocket::invalid_state_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(hocket::run(main()));
}

TEST(run_until_complete, gives_its_work_the_context_of_its_caller) {
  hocket::loop loop;
  hocket::context outside;
  const int seen = outside.run([&loop] {
    number.set(5);
    return hocket::run_until_complete(loop, read_number());
  });
  EXPECT_EQ(seen, 5);
}

// ---- the end of a run, and its limit

TEST(run_end, takes_as_long_as_cleaning_up_takes_within_the_limit) {
  hocket::testing::virtual_clock time;
  const auto begin = time.now();
  std::string trace;
  const auto main = [&trace]() -> hocket::coro<void> {
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(1s);
  };
  hocket::run(main(), {.clock = &time, .shutdown_timeout = 2s});
  EXPECT_EQ(trace, "cleaned up;");
  EXPECT_EQ(time.now() - begin, 2s);
}

TEST(run_end, needs_no_time_if_nothing_is_left) {
  const long before = hocket::arena::live_blocks();
  hocket::run(seven(), {.shutdown_timeout = 0s});
  EXPECT_EQ(hocket::arena::live_blocks(), before);
}

TEST(run_end, cleans_up_though_memory_is_lacking) {
  hocket::testing::virtual_clock time;
  std::string trace;
  const auto main = [&]() -> hocket::coro<void> {
    hocket::create_task(clean_up_when_cancelled(trace));
    co_await hocket::sleep(0s);
    hocket::arena::set_take_hook([] { throw std::bad_alloc{}; });
  };
  hocket::run(main(), {.clock = &time});
  hocket::arena::set_take_hook(nullptr);
  EXPECT_EQ(trace, "cleaned up;");
}

TEST(run_end, leaves_no_loop_behind_for_threads_of_the_pool_that_only_wait) {
  bool destroyed = false;
  struct told_by_its_end {
    bool* flag;
    explicit told_by_its_end(bool& to) : flag(&to) {}
    told_by_its_end(told_by_its_end&& other) noexcept : flag(std::exchange(other.flag, nullptr)) {}
    ~told_by_its_end() {
      if (flag != nullptr) *flag = true;
    }
    void operator()(const hocket::exception_context&) const {}
  };
  struct job final : hocket::blocking_job {
    void work() noexcept override {}
  } nothing;
  const auto main = [&]() -> hocket::coro<void> {
    hocket::loop::running().set_exception_handler(told_by_its_end(destroyed));
    hocket::loop::running().blocking().submit(nothing);
    while (hocket::loop::running().blocking().pending() > 0) co_await hocket::sleep(1ms);
  };
  hocket::run(main(), {.shutdown_timeout = 0s});
  EXPECT_TRUE(destroyed);
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
    static_cast<void>(TEMP_FAILURE_RETRY(::waitpid(child, &status, 0)));
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

// What is left behind is leaked, hence processes of their own.
TEST(run_end_death_test, reports_a_task_that_does_not_end_in_time_and_goes_on) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    hocket::testing::virtual_clock time;
    const auto stubborn = []() -> hocket::coro<void> {
      for (;;) static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    };
    const auto main = [&]() -> hocket::coro<int> {
      hocket::loop::running().set_exception_handler(
          [](const hocket::exception_context& context) { std::fputs((context.message + ';').c_str(), stderr); });
      hocket::create_task(stubborn(), {.name = "stubborn"});
      co_await hocket::sleep(1s);
      co_return 7;
    };
    std::_Exit(hocket::run(main(), {.clock = &time, .shutdown_timeout = 1s}));
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7),
              "^did not end in time after it was cancelled, left behind: .*: 'stubborn';$");
}

TEST(run_end_death_test, reports_a_call_that_does_not_return_in_time_and_goes_on) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    static struct job final : hocket::blocking_job {
      void work() noexcept override { std::this_thread::sleep_for(1h); }
    } endless;
    const auto main = []() -> hocket::coro<int> {
      hocket::loop::running().blocking().submit(endless);
      co_return 7;
    };
    std::_Exit(hocket::run(main(), {.shutdown_timeout = 20ms}));
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "hocket: 1 call on the blocking pool did not end in time");
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
