#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/inspect/detail/loop_threads.hpp>
#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/sampler.hpp>
#include <hocket/inspect/unreadable.hpp>

#include "inspect/other_program.hpp"
#include "inspect/shown_tasks.hpp"

using namespace std::chrono_literals;
using hocket::inspect::address;
using hocket::inspect::read_process;
using hocket::inspect::sampler;
using hocket::inspect::snapshot;
using hocket::inspect::detail::thread_use;
using hocket::inspect::detail::thread_variables;
using hocket::testing::other_program;
using hocket::testing::shown_programs;

namespace {

// Within a minute.
bool comes_true(const auto& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// Where much else runs a thread may not get the processor on which it would stop.
snapshot read_patiently(pid_t process) {
  for (;;) try {
      return read_process(process);
    } catch (const hocket::inspect::unreadable& problem) {
      if (problem.why() != hocket::inspect::unreadable::reason::unstoppable) throw;
    }
}

bool waits_for_samples(const sampler& sampling, std::uint64_t count) {
  return comes_true([&] { return sampling.samples() >= count; });
}

std::ptrdiff_t own_threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

// How much of the time in which its threads could have gone on they had to wait for a processor.
double waited_part(pid_t process) {
  thread_use::reading all;
  for (const auto& each : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task"))
    if (const auto one = thread_use(process, std::stoi(each.path().filename().string())).read()) {
      all.used += one->used;
      all.waited += one->waited;
    }
  return std::chrono::duration<double>(all.waited) / (all.used + all.waited);
}

// The part of its loop's time that tasks of this name had.
double share_of(const hocket::inspect::loop& loop, const std::string& name) {
  double sum = 0;
  for (const auto& task : loop.tasks)
    if (task.name == name) sum += task.load.value();
  return sum / (loop.load.value().in_steps + loop.load.value().beside);
}

void expect_shares(const hocket::inspect::loop& loop) {
  const auto& [in_steps, beside] = loop.load.value();
  EXPECT_GT(share_of(loop, "much"), 0.4);
  EXPECT_LT(share_of(loop, "much"), 0.8);
  EXPECT_GT(share_of(loop, "some"), 0.15);
  EXPECT_LT(share_of(loop, "some"), 0.45);
  EXPECT_LT(share_of(loop, "napping"), 0.05);
  EXPECT_GT(beside / (in_steps + beside), 0.02);
  EXPECT_LT(beside / (in_steps + beside), 0.3);
  EXPECT_LT(in_steps + beside, 1.1);
}

}  // namespace

TEST(sampler, gives_tasks_their_shares_of_the_time_that_the_loops_thread_had) {
  for (const char* how : {"", "aside"}) {
    SCOPED_TRACE(how);
    std::vector<std::string> command{shown_programs + "/busy"};
    if (*how != '\0') command.emplace_back(how);
    other_program busy(command);
    ASSERT_EQ(busy.line(), "ready");
    sampler sampling(busy.number());
    ASSERT_TRUE(waits_for_samples(sampling, 400));
    snapshot seen = read_patiently(busy.number());
    sampling.add_to(seen);
    ASSERT_TRUE(seen.sampled);
    EXPECT_GE(seen.sampled->samples, 400U);
    expect_shares(seen.loops.at(0));
    const auto& [in_steps, beside] = seen.loops[0].load.value();
    EXPECT_NEAR(seen.sampled->load.value(), in_steps + beside, 0.1);  // there is nothing else in it
  }
}

TEST(sampler, goes_on_with_a_process_that_is_stopped_and_goes_on) {
  other_program busy({shown_programs + "/busy"});
  ASSERT_EQ(busy.line(), "ready");
  sampler sampling(busy.number());
  ::kill(busy.number(), SIGSTOP);
  ASSERT_EQ(::waitpid(busy.number(), nullptr, WUNTRACED), busy.number());
  snapshot seen = read_patiently(busy.number());
  sampling.add_to(seen);  // what was before
  ASSERT_TRUE(waits_for_samples(sampling, 20));
  sampling.add_to(seen);
  EXPECT_GE(seen.sampled.value().samples, 20U);
  EXPECT_LT(seen.sampled->load.value(), 0.01);
  EXPECT_LT(seen.loops.at(0).load.value().in_steps, 0.01);
  ::kill(busy.number(), SIGCONT);
  ASSERT_TRUE(waits_for_samples(sampling, 400));
  seen = read_patiently(busy.number());
  sampling.add_to(seen);
  expect_shares(seen.loops.at(0));
}

TEST(sampler, tells_at_least_how_long_steps_take_that_are_longer_than_samples_are_apart) {
  other_program busy({shown_programs + "/busy", "slowly"});
  ASSERT_EQ(busy.line(), "ready");
  sampler sampling(busy.number());
  EXPECT_TRUE(comes_true([&] {
    snapshot seen = read_patiently(busy.number());
    sampling.add_to(seen);
    std::chrono::nanoseconds slow{};
    for (const auto& task : seen.loops.at(0).tasks)
      if (task.name == "slow") slow = task.longest_step.value_or(0ns);
    std::this_thread::sleep_for(20ms);
    return slow > 100ms;
  }));
}

TEST(sampler, ends_with_the_process) {
  const auto threads = own_threads();
  other_program busy({shown_programs + "/busy"});
  ASSERT_EQ(busy.line(), "ready");
  sampler sampling(busy.number());
  EXPECT_EQ(own_threads(), threads + 1);
  ASSERT_TRUE(waits_for_samples(sampling, 10));
  ::kill(busy.number(), SIGKILL);
  EXPECT_EQ(busy.end(), 128 + SIGKILL);
  snapshot seen;
  sampling.add_to(seen);
  EXPECT_TRUE(seen.sampled);  // what was before
  EXPECT_TRUE(comes_true([threads] { return own_threads() == threads; }));
  seen = {};
  sampling.add_to(seen);
  EXPECT_FALSE(seen.sampled);
}

TEST(sampler, finds_loops_that_come_and_go) {
  other_program busy({shown_programs + "/busy", "in runs"});
  ASSERT_EQ(busy.line(), "ready");
  sampler sampling(busy.number());
  for (int n = 0; n < 5; ++n) {
    ASSERT_TRUE(waits_for_samples(sampling, 50));
    snapshot seen = read_patiently(busy.number());
    sampling.add_to(seen);
    EXPECT_GT(seen.sampled.value().load.value(), 0);
    for (const auto& loop : seen.loops) EXPECT_LT(loop.load.value().in_steps + loop.load->beside, 1.2);
  }
}

// By how much the part of the threads' time that was in steps is another than the program itself says. Nothing if too much else runs: then most that
// is met waits to begin a step.
static std::optional<double> error_of_sampling_many_loops() {
  other_program busy({shown_programs + "/busy", "by eight"});
  EXPECT_EQ(busy.line(), "ready");
  sampler sampling(busy.number());
  EXPECT_TRUE(waits_for_samples(sampling, 400));
  snapshot seen = read_patiently(busy.number());
  sampling.add_to(seen);
  EXPECT_EQ(seen.loops.size(), 8U);
  if (waited_part(busy.number()) > 0.1) return std::nullopt;
  double in_steps = 0;
  double beside = 0;
  for (const auto& loop : seen.loops) {
    in_steps += loop.load.value().in_steps;
    beside += loop.load->beside;
  }
  EXPECT_EQ(busy.end(), 0);
  return std::abs(in_steps / (in_steps + beside) - std::stod(busy.line()));
}

TEST(sampler, pairs_short_steps_of_many_loops_with_what_their_threads_do) {
  std::string errors;
  for (int n = 0; n < 5; ++n) {
    const auto error = error_of_sampling_many_loops();
    if (!error) GTEST_SKIP() << "too much else runs here";
    if (*error < 0.35) return;
    errors += std::to_string(*error) + " ";
  }
  ADD_FAILURE() << errors;
}

TEST(sampler, says_why_a_process_shows_nothing) {
  other_program cat({"/bin/cat"});
  EXPECT_THROW(sampler{cat.number()}, hocket::inspect::unreadable);
  const pid_t number = cat.number();
  EXPECT_EQ(cat.end(), 0);
  EXPECT_THROW(sampler{number}, hocket::inspect::unreadable);
}

TEST(thread_variables, tell_the_thread_whose_variable_it_is) {
  static thread_local int own = 0;
  const auto is_found = [] {
    return thread_variables(::getpid()).thread_of(reinterpret_cast<address>(&own)) == ::gettid();
  };
  EXPECT_TRUE(is_found());
  std::barrier<> all_live(8);
  std::atomic<int> found = 0;
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 8; ++n)
      threads.emplace_back([&] {
        all_live.arrive_and_wait();
        found += is_found() ? 1 : 0;
        all_live.arrive_and_wait();
      });
  }
  EXPECT_EQ(found, 8);
}

TEST(thread_variables, tell_nobody_where_it_is_no_such_variable) {
  static int everybodys = 0;
  const thread_variables seen(::getpid());
  EXPECT_EQ(seen.thread_of(reinterpret_cast<address>(&everybodys)), std::nullopt);
  EXPECT_EQ(seen.thread_of(0), std::nullopt);
  EXPECT_EQ(seen.thread_of(UINT64_MAX), std::nullopt);
}

TEST(thread_use, tells_what_a_thread_used_and_whether_it_is_on_a_processor) {
  const thread_use own(::getpid(), ::gettid());
  const auto before = own.read();
  EXPECT_TRUE(before.value().is_on);
  volatile unsigned spent = 0;
  while (own.read().value().used < before->used + 10ms) spent = spent + 1;
  EXPECT_EQ(thread_use(::getpid(), 0).read(), std::nullopt);
}
