#include <chrono>
#include <cmath>

#include <gtest/gtest.h>

#include <hocket/inspect/detail/load_tally.hpp>

using namespace std::chrono_literals;
using hocket::inspect::loop;
using hocket::inspect::snapshot;
using hocket::inspect::task;
using hocket::inspect::detail::load_tally;
using hocket::inspect::detail::running_loop;
using hocket::inspect::detail::thread_use;

namespace {

// What was until that sample, and at it.
constexpr thread_use::reading begins{.is_on = true};
constexpr thread_use::reading goes_on{.is_on = true, .used = 10ms};
constexpr thread_use::reading ends{.is_on = false, .used = 10ms};
constexpr thread_use::reading sleeps{.is_on = false};

snapshot process(std::vector<task> tasks) {
  snapshot seen;
  seen.loops.push_back({.id = 1, .running = true, .tasks = std::move(tasks)});
  return seen;
}

running_loop meets(std::uint64_t task, std::int64_t made = 7) {
  return {.loop = 1, .context = 100, .task = task, .made = made};
}

}  // namespace

TEST(load_tally, shares_what_the_thread_used_among_those_that_were_met_on_a_processor) {
  load_tally tally;
  tally.add(meets(11), begins);
  for (int n = 0; n < 5; ++n) tally.add(meets(11), goes_on);
  for (int n = 0; n < 3; ++n) tally.add(meets(12), goes_on);
  tally.add(meets(0), goes_on);
  tally.add(meets(0), ends);
  for (int n = 0; n < 9; ++n) tally.add(meets(0), sleeps);
  for (int n = 0; n < 20; ++n) tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}, {.id = 12, .made = 7ns}, {.id = 13}});
  tally.add_to(seen, 200ms, 120ms);
  EXPECT_EQ(seen.sampled.value().samples, 20U);
  EXPECT_DOUBLE_EQ(seen.sampled->load.value(), 0.6);
  EXPECT_DOUBLE_EQ(seen.loops[0].load.value().in_steps, 0.45);
  EXPECT_DOUBLE_EQ(seen.loops[0].load->beside, 0.05);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.3);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[1].load.value(), 0.15);
  EXPECT_EQ(seen.loops[0].tasks[2].load, 0);
}

TEST(load_tally, weighs_samples_by_how_much_of_the_time_until_the_next_one_the_thread_was_on_a_processor) {
  load_tally tally;
  tally.add(meets(0), begins);  // it waits for a processor,
  tally.add(meets(0), begins);
  tally.add(meets(11), thread_use::reading{.is_on = true, .used = 5ms, .waited = 45ms});  // gets one,
  tally.add(meets(11), goes_on);
  tally.add(meets(11), thread_use::reading{.is_on = true, .used = 6ms, .waited = 6ms});  // and has it half of the time
  tally.add(meets(0), ends);
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}});
  tally.add_to(seen, 100ms, 31ms);
  EXPECT_NEAR(seen.loops[0].load.value().beside, 0.31 * 0.1 / 2.6, 1e-9);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.31 * 2.5 / 2.6);
}

TEST(load_tally, counts_no_step_that_blocks) {
  load_tally tally;
  for (int n = 0; n < 10; ++n) tally.add(meets(11), sleeps);
  tally.add(meets(12), goes_on);  // it woke meanwhile, and used something until now
  tally.add(meets(12), ends);
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}});
  tally.add_to(seen, 100ms, 0ms);
  EXPECT_EQ(seen.loops[0].tasks[0].load, 0);
}

TEST(load_tally, takes_a_task_for_another_one_that_was_made_at_another_time_where_a_record_was_used_again) {
  load_tally tally;
  tally.add(meets(11, 1), begins);
  for (int n = 0; n < 3; ++n) tally.add(meets(11, 2), goes_on);
  tally.add(meets(0), ends);
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 2ns}});
  tally.add_to(seen, 40ms, 40ms);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.75);
  EXPECT_DOUBLE_EQ(seen.loops[0].load.value().in_steps, 1);  // that of the one that has ended, too
}

TEST(load_tally, takes_time_that_no_sample_fell_in_for_that_of_no_task) {
  load_tally tally;
  tally.add(meets(0), thread_use::reading{.is_on = false, .used = 1ms});
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}});
  tally.add_to(seen, 100ms, 1ms);
  EXPECT_DOUBLE_EQ(seen.loops[0].load.value().beside, 0.01);
  EXPECT_EQ(seen.loops[0].load->in_steps, 0);
}

TEST(load_tally, divides_what_the_process_used_among_loops_whose_threads_are_not_known) {
  load_tally tally;
  for (int n = 0; n < 10; ++n) {
    tally.add(meets(n < 8 ? 11 : 0), std::nullopt);
    tally.add({.loop = 2, .context = 200, .task = 21, .made = 7}, goes_on);
    tally.end_sample();
  }
  snapshot seen = process({{.id = 11, .made = 7ns}});
  seen.loops.push_back({.id = 2, .tasks = {{.id = 21, .made = 7ns}}});
  tally.add_to(seen, 200ms, 140ms);
  EXPECT_DOUBLE_EQ(seen.loops[1].tasks[0].load.value(), 0.5);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.2);  // what is left, though it was met in eight of ten
  tally.add_to(seen, 200ms, 1000ms);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.8);  // others have used the rest
}

TEST(load_tally, adds_what_it_met_before_and_after_a_loops_thread_was_known) {
  load_tally tally;
  tally.add(meets(11), std::nullopt);
  tally.add(meets(12), begins);
  tally.end_sample();
  tally.add(meets(12), ends);
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}, {.id = 12, .made = 7ns}});
  tally.add_to(seen, 100ms, 30ms);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.2);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[1].load.value(), 0.1);
  EXPECT_DOUBLE_EQ(seen.loops[0].load.value().in_steps, 0.3);
}

TEST(load_tally, gives_what_a_thread_used_to_the_loop_that_it_was_in_at_the_last_sample) {
  load_tally tally;
  tally.add(meets(11), begins);
  tally.add({.loop = 2, .context = 100, .task = 21, .made = 7}, goes_on);
  tally.add(meets(0), ends);
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}});
  seen.loops.push_back({.id = 2, .tasks = {{.id = 21, .made = 7ns}}});
  tally.add_to(seen, 100ms, 20ms);
  for (const auto& each : seen.loops) EXPECT_DOUBLE_EQ(each.tasks[0].load.value(), 0.1);
}

TEST(load_tally, begins_anew_with_what_threads_were_at_in_the_last_sample) {
  load_tally tally;
  tally.add({.loop = 2, .context = 200, .task = 21, .made = 7}, begins);  // and its thread ends
  tally.end_sample();
  tally.add(meets(11), begins);
  tally.end_sample();
  tally.begin_anew();
  EXPECT_EQ(tally.samples(), 0U);
  tally.add(meets(0), ends);
  tally.add({.loop = 2, .context = 200, .task = 22, .made = 7}, goes_on);  // another one, with its variables there
  tally.end_sample();
  snapshot seen = process({{.id = 11, .made = 7ns}});
  seen.loops.push_back({.id = 2, .tasks = {{.id = 21, .made = 7ns}}});
  tally.add_to(seen, 100ms, 20ms);
  EXPECT_DOUBLE_EQ(seen.loops[0].tasks[0].load.value(), 0.1);
  EXPECT_EQ(seen.loops[1].tasks[0].load, 0);
}

TEST(load_tally, never_says_that_less_than_nothing_was_beside_tasks) {
  for (int used = 1; used < 400; ++used) {
    load_tally each;
    each.add(meets(11), begins);
    for (int n = 0; n < 7; ++n)
      each.add(meets(11), thread_use::reading{.is_on = true,
                                              .used = std::chrono::microseconds(n == 0 ? used : 1),
                                              .waited = std::chrono::microseconds(n)});
    each.end_sample();
    snapshot seen = process({{.id = 11, .made = 7ns}});
    each.add_to(seen, 100ms, 400ms);
    EXPECT_FALSE(std::signbit(seen.loops[0].load.value().beside)) << used;
  }
}

TEST(load_tally, knows_nothing_without_samples) {
  snapshot seen = process({{.id = 11}});
  load_tally().add_to(seen, 1s, 1s);
  EXPECT_FALSE(seen.sampled);
  EXPECT_FALSE(seen.loops[0].load);
  EXPECT_FALSE(seen.loops[0].tasks[0].load);
}
