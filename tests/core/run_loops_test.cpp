#include <array>
#include <atomic>
#include <cstdio>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/spawn_on.hpp>
#include <hocket/exec/to_thread.hpp>

#include "several_loops.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;
using hocket::loop_place;
using hocket::run_loops;

namespace {

class run_loops_on : public hocket::testing::several_loops {};
HOCKET_ON_EACH_BACKEND(run_loops_on);

coro<void> wait_for_ever() { co_await hocket::future<>(); }

coro<void> wait_in_place(std::size_t) { co_await wait_for_ever(); }

coro<loop*> running_loop() { co_return &loop::running(); }

TEST_P(run_loops_on, gives_the_results_in_the_order_of_the_loops) {
  const auto main = [](std::size_t index) -> coro<std::size_t> {
    co_await hocket::sleep((3 - index) * 1ms);
    co_return 10 * index;
  };
  EXPECT_EQ(run_loops(3, main, here()), (std::vector<std::size_t>{0, 10, 20}));
}

TEST_P(run_loops_on, gives_results_that_can_only_be_moved) {
  const auto main = [](std::size_t index) -> coro<std::unique_ptr<std::size_t>> {
    co_return std::make_unique<std::size_t>(index);
  };
  const auto results = run_loops(2, main, here());
  EXPECT_EQ(*results[0] + *results[1], 1U);
}

TEST_P(run_loops_on, runs_each_loop_on_a_thread_of_its_own) {
  const auto main = [](std::size_t) -> coro<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto threads = run_loops(3, main, here());
  std::set<std::thread::id> different(threads.begin(), threads.end());
  different.insert(std::this_thread::get_id());
  EXPECT_EQ(different.size(), 4U);
}

TEST_P(run_loops_on, tells_each_where_it_is) {
  const auto main = [](loop_place place) -> coro<bool> {
    co_return place.count() == 3 && &place.loop(place.index) == &loop::running();
  };
  EXPECT_EQ(run_loops(3, main, here()), std::vector<bool>(3, true));
}

TEST_P(run_loops_on, makes_all_loops_before_anything_runs) {
  std::latch all_answered(3);
  const auto main = [&](loop_place place) -> coro<void> {
    for (loop* const each : place.loops) {
      loop* const answered = co_await hocket::spawn_on(*each, running_loop);
      EXPECT_EQ(answered, each);
    }
    all_answered.count_down();
    co_await hocket::to_thread([&all_answered] { all_answered.wait(); });
  };
  run_loops(3, main, here());
}

TEST_P(run_loops_on, cancels_the_tasks_that_a_loop_leaves_and_waits_for_them) {
  std::atomic<int> cleaned = 0;
  const auto main = [&](std::size_t) -> coro<void> {
    const auto leave = [](std::atomic<int>& cleaned) -> coro<void> {
      const auto outcome = co_await hocket::as_result(wait_for_ever());
      co_await hocket::sleep(1ms);
      ++cleaned;
      std::rethrow_exception(outcome.error());
    };
    hocket::create_task(leave(cleaned), {.eager_start = true});
    co_return;
  };
  run_loops(3, main, here());
  EXPECT_EQ(cleaned, 3);
}

// ---- errors

TEST_P(run_loops_on, cancels_the_others_when_one_fails_and_throws_its_error_when_they_have_ended) {
  std::atomic<int> cleaned = 0;
  std::latch waiting(2);
  const auto main = [&](std::size_t index) -> coro<void> {
    if (index == 1) {
      co_await hocket::to_thread([&waiting] { waiting.wait(); });
      throw std::runtime_error("broken");
    }
    waiting.count_down();
    const auto outcome = co_await hocket::as_result(wait_for_ever());
    co_await hocket::sleep(1ms);
    ++cleaned;
    std::rethrow_exception(outcome.error());
  };
  EXPECT_THROW(run_loops(3, main, here()), std::runtime_error);
  EXPECT_EQ(cleaned, 2);
}

TEST_P(run_loops_on, cancels_those_too_that_have_hardly_begun) {
  const auto main = [](std::size_t index) -> coro<void> {
    if (index == 0) throw std::runtime_error("broken");
    co_await wait_for_ever();
  };
  for (int n = 0; n < 20; ++n) EXPECT_THROW(run_loops(3, main, here()), std::runtime_error);
}

TEST_P(run_loops_on, throws_several_errors_as_a_group_in_the_order_in_which_they_came) {
  std::latch waiting(1);
  const auto main = [&](std::size_t index) -> coro<void> {
    if (index == 1) {
      co_await hocket::to_thread([&waiting] { waiting.wait(); });
      throw std::runtime_error("first");
    }
    waiting.count_down();
    co_await hocket::finally(wait_for_ever(), []() -> coro<void> {
      throw std::logic_error("second");
      co_return;
    });
  };
  try {
    run_loops(2, main, here());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const hocket::exception_group& group) {
    ASSERT_EQ(group.errors().size(), 2U);
    EXPECT_THROW(std::rethrow_exception(group.errors()[0]), std::runtime_error);
    EXPECT_THROW(std::rethrow_exception(group.errors()[1]), std::logic_error);
  }
}

TEST_P(run_loops_on, is_not_disturbed_by_one_that_is_cancelled_by_itself_but_throws_cancelled) {
  std::atomic<bool> ended = false;
  const auto main = [&](std::size_t index) -> coro<void> {
    if (index == 0) hocket::current_task().cancel();
    co_await hocket::sleep(5ms);
    ended = true;
  };
  EXPECT_THROW(run_loops(2, main, here()), hocket::cancelled);
  EXPECT_TRUE(ended);
}

TEST(run_loops, throws_what_a_factory_throws_and_runs_nothing) {
  std::atomic<int> made = 0;
  std::atomic<bool> ran = false;
  const auto factory = [&made]() -> std::unique_ptr<loop> {
    if (++made == 3) throw std::runtime_error("no more loops today");
    return std::make_unique<loop>();
  };
  const auto main = [&ran](std::size_t) -> coro<void> {
    ran = true;
    co_return;
  };
  EXPECT_THROW(run_loops(4, main, {.each = {.loop_factory = factory}}), std::runtime_error);
  EXPECT_FALSE(ran);
}

TEST(run_loops, names_the_loop_that_the_system_refuses) {
  const auto factory = [](loop&) -> std::unique_ptr<hocket::backend> {
    throw std::system_error(EMFILE, std::generic_category());
  };
  try {
    run_loops(1, wait_in_place, {.each = {.make_backend = factory}});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& refused) {
    EXPECT_STREQ(refused.what(), "run_loops: cannot make loop 0 of 1: Too many open files");
  }
}

TEST(run_loops, refuses_to_block_a_loop) {
  const auto main = []() -> coro<bool> {
    try {
      run_loops(1, wait_in_place);
    } catch (const hocket::invalid_state_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(hocket::run(main()));
}

TEST(run_loops, may_be_called_on_a_thread_beside_a_loop) {
  const auto main = []() -> coro<std::size_t> {
    co_return co_await hocket::to_thread(
        [] { return run_loops(2, [](std::size_t index) -> coro<std::size_t> { co_return index; }).back(); });
  };
  EXPECT_EQ(hocket::run(main()), 1U);
}

class run_loops_death_test : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(run_loops_death_test, names_the_loop_whose_thread_cannot_begin) {
  const auto program = [] {
    pthread_attr_t boundless;
    ::pthread_attr_init(&boundless);
    ::pthread_attr_setstacksize(&boundless, std::size_t{1} << 46);
    ::pthread_setattr_default_np(&boundless);
    try {
      run_loops(2, wait_in_place);
    } catch (const std::system_error& refused) {
      std::fprintf(stderr, "%s\n", refused.what());
      std::_Exit(7);
    }
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7),
              "^run_loops: cannot begin the thread of loop 0 of 2: Resource temporarily unavailable\n$");
}

// ---- options

/// Calls `function` on a thread that may use one processor only, and gives its number.
template <class Function>
int on_one_processor(Function function) {
  int only = -1;
  std::thread([&] {
    cpu_set_t mask;
    ASSERT_EQ(::sched_getaffinity(0, sizeof mask, &mask), 0);
    for (only = 0; !CPU_ISSET(only, &mask);) ++only;
    CPU_ZERO(&mask);
    CPU_SET(only, &mask);
    ASSERT_EQ(::sched_setaffinity(0, sizeof mask, &mask), 0);
    function();
  }).join();
  return only;
}

TEST(run_loops, makes_as_many_loops_as_there_are_usable_processors_if_it_is_not_told) {
  const auto main = [](loop_place place) -> coro<std::size_t> { co_return place.count(); };
  EXPECT_EQ(run_loops(0, main).size(), hocket::usable_processors());
  on_one_processor([&] {
    EXPECT_EQ(hocket::usable_processors(), 1U);
    EXPECT_EQ(run_loops(0, main), (std::vector<std::size_t>{1}));
  });
}

coro<std::vector<int>> processors_of_this_thread(std::size_t) {
  cpu_set_t mask;
  EXPECT_EQ(::sched_getaffinity(0, sizeof mask, &mask), 0);
  std::vector<int> found;
  for (int n = 0; n < CPU_SETSIZE; ++n)
    if (CPU_ISSET(n, &mask)) found.push_back(n);
  co_return found;
}

TEST(run_loops, pins_each_thread_to_the_next_processor_that_may_be_used) {
  const auto found = run_loops(0, processors_of_this_thread, {.pin_threads = true});
  std::set<int> different;
  for (const auto& each : found) {
    ASSERT_EQ(each.size(), 1U);
    different.insert(each.front());
  }
  EXPECT_EQ(different.size(), hocket::usable_processors());
}

TEST(run_loops, pins_more_threads_than_processors_round_and_round) {
  std::vector<std::vector<int>> found;
  const int only =
      on_one_processor([&found] { found = run_loops(3, processors_of_this_thread, {.pin_threads = true}); });
  EXPECT_EQ(found, (std::vector<std::vector<int>>(3, {only})));
}

TEST(run_loops, names_its_threads_and_leaves_the_number_whole) {
  const auto main = [](std::size_t) -> coro<std::string> {
    std::array<char, 16> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    co_return name.data();
  };
  EXPECT_EQ(run_loops(2, main), (std::vector<std::string>{"loop-0", "loop-1"}));
  EXPECT_EQ(run_loops(1, main, {.thread_name = "a-server-of-everything"}),
            (std::vector<std::string>{"a-server-of-e-0"}));
}

TEST(run_loops, gives_each_loop_a_seed_of_its_own) {
  const auto main = [](std::size_t) -> coro<std::uint64_t> { co_return loop::running().random()(); };
  const auto drawn = run_loops(2, main, {.each = {.seed = 7}});
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_EQ(drawn, run_loops(2, main, {.each = {.seed = 7}}));
}

hocket::context_var<int> number("number");

TEST(run_loops, begins_each_loop_with_a_copy_of_the_callers_context) {
  hocket::context outside;
  outside.run([] {
    number.set(3);
    const auto main = [](std::size_t index) -> coro<int> {
      const int before = number.get(0);
      number.set(static_cast<int>(index));
      co_return before;
    };
    EXPECT_EQ(run_loops(2, main), (std::vector<int>{3, 3}));
    EXPECT_EQ(number.get(0), 3);
  });
}

TEST(run_loops, gives_each_loop_a_copy_of_the_callable) {
  const auto main = [calls = 0](std::size_t) mutable -> coro<int> { co_return ++calls; };
  EXPECT_EQ(run_loops(3, main), (std::vector<int>{1, 1, 1}));
}

// ---- SIGINT

void behave_like_a_program_started_by_a_shell() {
  ::signal(SIGINT, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

/// Raises SIGINT when every loop has come here; writes a letter when it has cleaned up.
coro<void> interrupted_main(std::latch& all_wait, bool raises) {
  all_wait.count_down();
  if (raises) {
    all_wait.wait();
    ::kill(::getpid(), SIGINT);
  }
  const auto outcome = co_await hocket::as_result(wait_for_ever());
  co_await hocket::sleep(1ms);
  std::fputs("c", stderr);
  std::rethrow_exception(outcome.error());
}

TEST_F(run_loops_death_test, the_first_ctrl_c_cancels_all_loops_and_ends_the_process_after_the_cleanup) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    std::latch all_wait(3);
    try {
      run_loops(3, [&](std::size_t index) -> coro<void> { co_await interrupted_main(all_wait, index == 2); });
    } catch (...) {
    }
    std::fputs("returned", stderr);
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^ccc$");
}

TEST_F(run_loops_death_test, ctrl_c_cancels_the_loops_that_are_left_when_others_have_ended) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    run_loops(2, [](loop_place place) -> coro<void> {
      if (place.index == 0) co_return;
      while (!place.loop(0).is_closed()) co_await hocket::sleep(1ms);
      std::latch alone(1);
      co_await interrupted_main(alone, true);
    });
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^c$");
}

TEST_F(run_loops_death_test, ctrl_c_leaves_the_process_alive_if_all_loops_swallow_it) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    std::latch all_wait(2);
    const auto results = run_loops(2, [&](std::size_t index) -> coro<int> {
      static_cast<void>(co_await hocket::as_result(interrupted_main(all_wait, index == 0)));
      co_return 3;
    });
    std::_Exit(results[0] + results[1]);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(6), "^cc$");
}

TEST_F(run_loops_death_test, a_loop_that_fails_after_ctrl_c_does_not_disturb_the_cleanup_of_the_others) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    std::latch all_wait(2);
    try {
      run_loops(2, [&](std::size_t index) -> coro<void> {
        all_wait.arrive_and_wait();
        if (index == 0) ::kill(::getpid(), SIGINT);
        static_cast<void>(co_await hocket::as_result(wait_for_ever()));
        if (index == 1) throw std::runtime_error("clean-up failed");
        for (int n = 0; n < 50; ++n) co_await hocket::sleep(1ms);  // it is told of the other's end meanwhile
        std::fputs("clean", stderr);
      });
    } catch (const std::runtime_error& failed) {
      std::fputs(failed.what(), stderr);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "^cleanclean-up failed$");
}

TEST_F(run_loops_death_test, a_second_ctrl_c_ends_the_process_at_once) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    run_loops(2, [](std::size_t index) -> coro<void> {
      if (index == 0) ::kill(::getpid(), SIGINT);
      static_cast<void>(co_await hocket::as_result(wait_for_ever()));
      if (index == 0) ::kill(::getpid(), SIGINT);
      co_await wait_for_ever();
    });
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^$");
}

TEST_F(run_loops_death_test, ctrl_c_ends_the_process_at_once_if_it_is_not_to_be_handled) {
  const auto program = [] {
    behave_like_a_program_started_by_a_shell();
    std::latch all_wait(2);
    run_loops(2, [&](std::size_t index) -> coro<void> { co_await interrupted_main(all_wait, index == 0); },
              {.each = {.handle_sigint = false}});
  };
  EXPECT_EXIT(program(), testing::KilledBySignal(SIGINT), "^$");
}

TEST(run_loops, leaves_sigint_with_its_default_action) {
  ::signal(SIGINT, SIG_DFL);
  run_loops(1, [](std::size_t) -> coro<void> { co_return; });
  struct sigaction after{};
  ::sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(after.sa_handler, SIG_DFL);
}

}  // namespace
