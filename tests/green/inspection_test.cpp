// What others are told of a green thread: where it waits, and that it kept the loop.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <hocket/core/call_graph.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

#include "../core/standard_error.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

using stack = std::vector<hocket::frame_call_graph_entry>;

bool stands_at(const hocket::frame_call_graph_entry& frame, const char* function, unsigned line) {
  return frame.function() == function && frame.where.line() == line &&
         std::string_view(frame.where.file_name()).ends_with("inspection_test.cpp");
}

constexpr unsigned rests_at = __LINE__ + 1;
void rest() { green::sleep(1h); }
constexpr unsigned rests_in_a_coroutine_at = __LINE__ + 1;
coro<void> rest_in_a_coroutine() { co_await hocket::sleep(1h); }
constexpr unsigned waits_at = __LINE__ + 1;
void wait_for_a_coroutine() { green::wait(rest_in_a_coroutine()); }
constexpr unsigned limits_at = __LINE__ + 1;
void rest_for_a_day() { green::with_timeout(24h, rest); }

template <class Function>
coro<stack> stack_of(Function function) {
  auto waits = green::spawn(function);
  co_await wait_all_tasks_blocked();
  stack found = hocket::capture_call_graph(waits).call_stack;
  waits.cancel();
  static_cast<void>(co_await ends_cancelled(waits));
  co_return found;
}

HOCKET_TEST(green_call_graph, shows_the_function_in_which_a_green_thread_waits) {
  const stack found = co_await stack_of(rest);
  EXPECT_EQ(found.size(), 1U);
  EXPECT_TRUE(stands_at(found.front(), "rest", rests_at)) << found.front().function();
}

HOCKET_TEST(green_call_graph, shows_the_coroutine_that_it_waits_for_above_itself) {
  const stack found = co_await stack_of(wait_for_a_coroutine);
  EXPECT_EQ(found.size(), 2U);
  EXPECT_TRUE(stands_at(found.front(), "rest_in_a_coroutine", rests_in_a_coroutine_at));
  EXPECT_TRUE(stands_at(found.back(), "wait_for_a_coroutine", waits_at));
}

HOCKET_TEST(green_call_graph, shows_what_a_limit_of_time_is_around) {
  const stack found = co_await stack_of(rest_for_a_day);
  EXPECT_TRUE(stands_at(found.front(), "rest", rests_at));
  EXPECT_TRUE(stands_at(found.back(), "rest_for_a_day", limits_at));
}

HOCKET_TEST(green_call_graph, names_the_call_of_the_c_library_that_waits) {
  green::patch_all();
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const stack found = co_await stack_of([&ends] {
    char byte = 0;
    static_cast<void>(::recv(ends[0], &byte, 1, 0));
  });
  EXPECT_EQ(found.front().function(), "recvfrom");
  for (const int end : ends) ::close(end);
}

constexpr unsigned sleeps_at = __LINE__ + 2;
void keep_the_loop() {
  green::sleep(1s);
  const auto until = std::chrono::steady_clock::now() + 120ms;  // no sleep of the C library: that would be patched
  while (std::chrono::steady_clock::now() < until) continue;
  rest();
}

HOCKET_TEST(green_debug_mode, names_the_green_thread_that_kept_the_loop_and_the_waits_around) {
  std::vector<std::string> told;
  loop& here = loop::running();
  here.set_debug(true);
  here.set_exception_handler([&told](const hocket::exception_context& report) { told.push_back(report.message); });
  auto keeps = green::spawn(keep_the_loop, {.name = "busy"});
  co_await hocket::sleep(2s);
  here.set_debug(false);
  here.set_exception_handler({});
  keeps.cancel();
  static_cast<void>(co_await ends_cancelled(keeps));
  EXPECT_EQ(told.size(), 1U);
  const std::string expected = "inspection_test.cpp:" + std::to_string(sleeps_at) + " and where it waits now: rest() ";
  EXPECT_NE(told.front().find("task 'busy' kept the loop for 0.1"), std::string::npos) << told.front();
  EXPECT_NE(told.front().find(expected), std::string::npos) << told.front();
  EXPECT_NE(told.front().find("inspection_test.cpp:" + std::to_string(rests_at)), std::string::npos) << told.front();
}

constexpr unsigned rests_before_at = __LINE__ + 2;
[[gnu::noinline]] void rest_and_compute(const std::atomic<bool>& is_enough) {
  green::sleep(1ns);
  while (!is_enough) std::this_thread::yield();
}

/// What the watchdog says of a green thread that calls `computes`, which is to go on until it is told.
template <class Function>
coro<std::string> told_of(Function computes) {
  standard_error heard;
  std::string told;
  std::atomic<bool> is_told = false;
  std::thread listener([&] {
    told = heard.block_until(standard_error::report_of_a_stall());
    is_told = true;
  });
  loop::running().set_watchdog(100ms);
  co_await green::spawn([&is_told, computes] { computes(is_told); }, {.name = "busy"});
  listener.join();
  co_return told;
}

HOCKET_REAL_TIME_TEST(green_watchdog, names_the_green_thread_that_keeps_the_loop_while_it_does) {
  const std::string told = co_await told_of(&rest_and_compute);
  const std::string expected =
      "task 'busy' since it waited at .*inspection_test.cpp:" + std::to_string(rests_before_at);
  EXPECT_TRUE(std::regex_search(told, std::regex(expected))) << told;
  EXPECT_TRUE(std::regex_search(told, std::regex("\n  #[0-9]+ .*rest_and_compute"))) << told;
}

#ifndef HOCKET_SANITIZED  // the thread sanitizer calls handlers on whatever stack there is
[[gnu::noinline]] void compute_at_the_end_of(const std::byte* stack, const std::atomic<bool>& is_enough) {
  constexpr std::ptrdiff_t little = 2 * 1024;
  if (static_cast<const std::byte*>(__builtin_frame_address(0)) - stack > little) {
    compute_at_the_end_of(stack, is_enough);
  } else {
    while (!is_enough) continue;
  }
  asm volatile("");  // or the call above were no call
}

HOCKET_REAL_TIME_TEST(green_watchdog, asks_one_whose_stack_is_nearly_full) {
  const std::string told = co_await told_of([](const std::atomic<bool>& is_enough) {
    compute_at_the_end_of(green::detail::fiber::current()->memory().memory().data(), is_enough);
  });
  EXPECT_TRUE(std::regex_search(told, std::regex("\n  #0 .*compute_at_the_end_of"))) << told;
}
#endif

}  // namespace
