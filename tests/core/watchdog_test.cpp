// The real clock is right here: what is tested is a loop that really stands still. Each waits for what it expects.

#include <chrono>
#include <cstdlib>
#include <regex>
#include <string>
#include <thread>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/future.hpp>
#include <hocket/core/guest_run.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/test.hpp>

#include "standard_error.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;

namespace {

constexpr auto patience = 20s;
constexpr auto limit = 100ms;  // longer than a machine that is at something else keeps a turn

bool says(const std::string& text, const std::string& pattern) { return std::regex_search(text, std::regex(pattern)); }

/// Keeps this thread until the loop was found to stand still once more.
[[gnu::noinline]] void stall() {
  const loop& here = loop::running();
  const auto before = here.stalls();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (here.stalls() == before && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(here.stalls(), before + 1);
}

/// Returns when a loop on another thread was found to have stood still for so long: a watchdog of less had the time to find this one. What is
/// said of that other one nobody hears.
void outlast(hocket::duration length) {
  const standard_error unheard;
  const auto stand = []() -> coro<void> {
    stall();
    co_return;
  };
  std::thread([&] { hocket::run(stand(), {.watchdog = length}); }).join();
}

/// Said while it stands still, so it is what the test waits for that keeps the loop.
[[gnu::noinline]] std::string stand_still(standard_error& heard) {
  return heard.block_until(standard_error::report_of_a_stall());
}

constexpr unsigned waits_at = __LINE__ + 2;
coro<std::string> wait_and_stand_still(standard_error& heard) {
  co_await hocket::sleep(0s);
  co_return stand_still(heard);
}

constexpr unsigned awaits_at = __LINE__ + 1;
coro<std::string> await_who_stands_still(standard_error& heard) { co_return co_await wait_and_stand_still(heard); }

std::string place(unsigned line) { return "watchdog_test.cpp:" + std::to_string(line); }

}  // namespace

HOCKET_REAL_TIME_TEST(watchdog, tells_of_a_task_that_keeps_the_loop_while_it_does) {
  standard_error heard;
  loop::running().set_watchdog(limit);
  constexpr unsigned made_at = __LINE__ + 1;
  auto keeps = hocket::create_task(await_who_stands_still(heard), {.name = "keeper"});
  const std::string told = co_await keeps;
  EXPECT_TRUE(says(
      told, "hocket: a turn of the loop has lasted 0\\.1[0-9]+ s and goes on: task 'keeper' since it waited at .*" +
                place(waits_at) + " < .*" + place(awaits_at) + " \\(made at .*" + place(made_at) + "\\)"))
      << told;
  EXPECT_TRUE(says(told, "\n  #[0-9]+ .*stand_still")) << told;
  EXPECT_GE(loop::running().stalls(), 1U);
}

HOCKET_REAL_TIME_TEST(watchdog, tells_of_the_beginning_of_a_task_that_has_not_waited_yet) {
  standard_error heard;
  loop::running().set_watchdog(limit);
  const auto begin = [](standard_error& here) -> coro<std::string> { co_return stand_still(here); };
  auto keeps = hocket::create_task(begin(heard));
  const std::string told = co_await keeps;
  EXPECT_TRUE(says(told, "task 'Task-[0-9]+' since its beginning \\(made at ")) << told;
}

HOCKET_REAL_TIME_TEST(watchdog, tells_of_a_callback) {
  standard_error heard;
  loop::running().set_watchdog(limit);
  hocket::future<std::string> told;
  loop::running().call_soon([&] { told.set_result(stand_still(heard)); });
  const std::string said = co_await told;
  EXPECT_TRUE(says(said, "and goes on: callback hocket::detail::callback<")) << said;
}

HOCKET_REAL_TIME_TEST(watchdog, shows_first_where_the_thread_stands_and_not_how_it_was_asked) {
  standard_error heard;
  loop::running().set_watchdog(limit);
  const std::string told = co_await wait_and_stand_still(heard);
  EXPECT_TRUE(says(told, "\n  #0 ")) << told;
  const bool is_by_sanitizer = says(told, "__tsan::");  // which calls handlers itself, and later
  EXPECT_EQ(says(told, "watchdog::|native_stack|on_signal"), is_by_sanitizer) << told;
}

HOCKET_REAL_TIME_TEST(watchdog, counts_each_turn_once_and_leaves_out_reports_that_come_too_soon) {
  standard_error heard;
  loop::running().set_watchdog(limit);
  const std::string told = co_await wait_and_stand_still(heard);
  for (int n = 0; n < 3; ++n) {
    co_await hocket::sleep(0s);
    stall();
  }
  loop::running().set_watchdog(0s);
  std::fputs("that was all\n", stderr);
  const std::string all = heard.block_until(std::regex("that was all\n"));
  EXPECT_TRUE(says(told, "has lasted"));
  EXPECT_FALSE(says(all.substr(told.size()), "has lasted")) << all;
  EXPECT_GE(loop::running().stalls(), 4U);
}

HOCKET_REAL_TIME_TEST(watchdog, leaves_alone_a_loop_that_waits_for_the_system) {
  standard_error heard;
  loop& here = loop::running();
  hocket::future<std::uint64_t> found;
  here.set_watchdog(limit);
  co_await hocket::sleep(0s);  // this turn is watched
  std::thread other([&] {
    const auto before = here.stalls();
    outlast(4 * limit);  // the loop has nothing to do meanwhile
    here.call_soon_threadsafe([&, during = here.stalls() - before] { found.set_result(during); });
  });
  EXPECT_EQ(co_await found, 0U);
  other.join();
}

TEST(watchdog, is_off_unless_asked_for) {
  ::unsetenv("HOCKET_WATCHDOG");
  ::unsetenv("HOCKET_DEBUG");
  const loop made;
  EXPECT_EQ(made.watchdog(), 0s);
  EXPECT_EQ(made.stalls(), 0U);
}

TEST(watchdog, watches_for_a_tenth_of_a_second_in_debug_mode) {
  EXPECT_EQ(loop({.debug = true}).watchdog(), 100ms);
  EXPECT_EQ(loop({.debug = true, .watchdog = 0s}).watchdog(), 0s);
}

TEST(watchdog, is_turned_on_by_the_environment_unless_an_option_says_otherwise) {
  ::setenv("HOCKET_WATCHDOG", "1.5", 1);
  const auto asked = loop().watchdog();
  const auto said = loop({.watchdog = 3s}).watchdog();
  ::setenv("HOCKET_WATCHDOG", "soon", 1);
  EXPECT_THROW(loop{}, hocket::error);
  ::unsetenv("HOCKET_WATCHDOG");
  EXPECT_EQ(asked, 1500ms);
  EXPECT_EQ(said, 3s);
}

TEST(watchdog, is_turned_on_by_an_option_of_run) {
  const auto ask = []() -> coro<hocket::duration> { co_return loop::running().watchdog(); };
  EXPECT_EQ(hocket::run(ask(), {.watchdog = 2s}), 2s);
}

TEST(watchdog, tells_without_the_stack_where_the_signal_is_somebody_elses) {
  const auto program = [] {
    ::signal(SIGURG, SIG_IGN);
    hocket::run(
        []() -> coro<void> {
          stall();
          co_return;
        }(),
        {.watchdog = limit});
    std::exit(testing::Test::HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "has lasted .* what its thread does is not known");
}

HOCKET_TEST(watchdog, is_set_on_no_other_thread_while_the_loop_is_run) {
  std::thread([&here = loop::running()] {
    EXPECT_THROW(here.set_watchdog(1s), hocket::invalid_state_error);
    EXPECT_THROW(here.set_debug(true), hocket::invalid_state_error);
  }).join();
  EXPECT_EQ(loop::running().watchdog(), 0s);
  co_return;
}

TEST(watchdog, is_left_behind_in_a_child_of_fork) {
  const auto program = [] {
    hocket::run(
        []() -> coro<void> {
          if (::fork() == 0) {
            loop::running().set_watchdog(0s);
            std::_Exit(0);
          }
          int status = 0;
          EXPECT_GT(::wait(&status), 0);
          std::_Exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1);
          co_return;
        }(),
        {.watchdog = 1h});
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "");
}

TEST(watchdog, watches_a_loop_inside_of_another_one_in_its_turns_alone) {
  standard_error heard;
  std::string told;
  const auto wait_for_the_host = [](standard_error& here) -> coro<std::string> {
    co_await hocket::sleep(1ms);
    co_return stand_still(here);
  };
  hocket::guest_run guest(wait_for_the_host(heard), [&](auto ended) { told = ended.value(); },
                          {.backend = hocket::backend_kind::epoll, .watchdog = limit});
  guest.run_ready();
  outlast(4 * limit);  // the host is at something else
  EXPECT_EQ(guest.get_loop().stalls(), 0U);
  while (!guest.is_done()) guest.run_ready();
  EXPECT_TRUE(says(told, "task 'main' since it waited at ")) << told;
}
