#include <chrono>
#include <optional>

#include <gtest/gtest.h>

#include <hocket/inspect/detail/step_tally.hpp>

using namespace std::chrono_literals;
using hocket::inspect::snapshot;
using hocket::inspect::detail::running_loop;
using hocket::inspect::detail::step_tally;

namespace {

constexpr std::chrono::steady_clock::time_point noon{std::chrono::hours(12)};

running_loop meets(std::uint64_t task, std::uint64_t steps, std::uint64_t thread = 100) {
  return {.loop = 1, .context = thread, .task = task, .made = 7, .steps = steps};
}

snapshot process(std::chrono::nanoseconds stopped = 0ns) {
  snapshot seen;
  seen.stopped = stopped;
  seen.loops.push_back({.id = 1, .running = true, .tasks = {{.id = 11, .made = 7ns}, {.id = 12, .made = 7ns}}});
  return seen;
}

std::optional<std::chrono::nanoseconds> longest(step_tally& tally, std::size_t task = 0) {
  snapshot seen = process();
  tally.move_to(seen);
  return seen.loops[0].tasks[task].longest_step;
}

}  // namespace

TEST(step_tally, takes_a_step_for_as_long_as_the_samples_that_meet_it_are_apart) {
  step_tally tally;
  tally.add(meets(11, 3), noon);
  tally.add(meets(11, 3), noon + 5ms);
  tally.add(meets(11, 3), noon + 12ms);
  tally.add(meets(12, 8), noon + 20ms);
  snapshot seen = process();
  tally.move_to(seen);
  EXPECT_EQ(seen.loops[0].tasks[0].longest_step, 12ms);
  EXPECT_EQ(seen.loops[0].tasks[1].longest_step, std::nullopt);
}

TEST(step_tally, keeps_apart_the_steps_of_a_task_and_those_of_another_one_in_the_same_record) {
  step_tally tally;
  tally.add(meets(11, 3), noon);
  tally.add(meets(11, 4), noon + 5ms);
  running_loop other = meets(11, 4);
  other.made = 8;
  tally.add(other, noon + 10ms);
  EXPECT_EQ(longest(tally), std::nullopt);
}

TEST(step_tally, does_not_know_that_a_step_went_on_while_its_thread_did_something_else) {
  step_tally tally;
  tally.add(meets(11, 3), noon);
  tally.add(meets(0, 0), noon + 5ms);
  tally.add(meets(11, 3), noon + 10ms);
  EXPECT_EQ(longest(tally), std::nullopt);
}

TEST(step_tally, keeps_threads_apart) {
  step_tally tally;
  tally.add(meets(11, 3, 100), noon);
  tally.add(meets(12, 3, 200), noon + 1ms);
  tally.add(meets(11, 3, 100), noon + 5ms);
  tally.add(meets(12, 3, 200), noon + 7ms);
  snapshot seen = process();
  tally.move_to(seen);
  EXPECT_EQ(seen.loops[0].tasks[0].longest_step, 5ms);
  EXPECT_EQ(seen.loops[0].tasks[1].longest_step, 6ms);
}

TEST(step_tally, tells_of_a_step_that_goes_on_all_that_it_took_since_it_was_met_first) {
  step_tally tally;
  tally.add(meets(11, 3), noon);
  tally.add(meets(11, 3), noon + 5ms);
  EXPECT_EQ(longest(tally), 5ms);
  EXPECT_EQ(longest(tally), std::nullopt) << "it was not met again";
  tally.add(meets(11, 3), noon + 30ms);
  EXPECT_EQ(longest(tally), 30ms);
}

TEST(step_tally, leaves_out_the_time_that_the_process_was_stopped_for_a_look) {
  step_tally tally;
  tally.add(meets(11, 3), noon);
  tally.add(meets(11, 3), noon + 9ms);
  snapshot seen = process(4ms);
  tally.move_to(seen);
  EXPECT_EQ(seen.loops[0].tasks[0].longest_step, 5ms);
  tally.add(meets(11, 3), noon + 20ms);
  EXPECT_EQ(longest(tally), 16ms);
}
