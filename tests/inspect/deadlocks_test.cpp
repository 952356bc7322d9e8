#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/inspect/detail/deadlocks.hpp>
#include <hocket/inspect/task_text.hpp>

namespace {

namespace inspect = hocket::inspect;
using inspect::detail::deadlocks_of;

inspect::task waiting(std::string name, std::vector<std::uint32_t> awaited_by, std::string kind = "task") {
  return {.name = std::move(name),
          .waits_for = inspect::wait{.kind = std::move(kind)},
          .awaited_by = std::move(awaited_by)};
}

std::vector<std::string> texts_of(const inspect::loop& loop) {
  std::vector<std::string> texts;
  for (const inspect::deadlock& each : deadlocks_of(loop)) texts.push_back(inspect::deadlock_text(loop, each));
  return texts;
}

using texts = std::vector<std::string>;

}  // namespace

TEST(deadlocks, are_of_tasks_that_wait_for_each_other) {
  inspect::loop loop{.tasks = {waiting("outside", {}), waiting("a", {0, 3}), waiting("b", {1}), waiting("c", {2})}};
  EXPECT_EQ(texts_of(loop), texts{"a > b > c > a"});
  EXPECT_EQ(deadlocks_of(loop)[0].tasks, (std::vector<std::uint32_t>{1, 2, 3}));
  loop.tasks[1].awaited_by = {0};
  EXPECT_EQ(texts_of(loop), texts{});
}

TEST(deadlocks, go_by_way_of_locks) {
  inspect::loop loop{.tasks = {waiting("a", {}, "lock"), waiting("b", {}, "lock"), waiting("alone", {}, "lock")}};
  loop.tasks[0].waits_for->held_by = 1;
  loop.tasks[1].waits_for->held_by = 0;
  loop.tasks[2].waits_for->held_by = 2;
  EXPECT_EQ(texts_of(loop), (texts{"a > b > a", "alone > alone"}));
}

TEST(deadlocks, tell_of_those_that_are_not_on_the_circle_how_many_there_are) {
  EXPECT_EQ(texts_of({.tasks = {waiting("all", {1, 2}, "gather"), waiting("one", {0}), waiting("other", {0})}}),
            texts{"all > one > all, and 1 more task"});
}

TEST(deadlocks, are_not_of_a_task_that_goes_on) {
  inspect::loop loop{.tasks = {waiting("a", {1}), waiting("b", {0})}};
  loop.tasks[1].state = inspect::task_state::ready;
  EXPECT_EQ(texts_of(loop), texts{});
}

TEST(deadlocks, are_not_of_who_waits_for_the_first_of_several_of_which_one_may_end) {
  inspect::loop loop{.tasks = {waiting("first of", {1}, "wait"), waiting("back", {0}), waiting("nap", {0}, "sleep")}};
  EXPECT_EQ(texts_of(loop), texts{});
  loop.tasks[0].waits_for->kind = "gather";
  EXPECT_EQ(texts_of(loop), texts{"first of > back > first of"});
}

TEST(deadlocks, may_be_long) {
  constexpr std::uint32_t many = 100'000;
  inspect::loop loop;
  for (std::uint32_t n = 0; n < many; ++n) loop.tasks.push_back(waiting("t" + std::to_string(n), {(n + 1) % many}));
  const texts told = texts_of(loop);
  ASSERT_EQ(told.size(), 1);
  EXPECT_TRUE(told[0].starts_with("t0 > t99999 > t99998 > ")) << told[0];
  EXPECT_TRUE(told[0].ends_with(" > ... 99980 more > t0")) << told[0];
}

TEST(deadlocks, show_names_that_command_nothing) {
  EXPECT_EQ(texts_of({.tasks = {waiting("\x1b[2J", {0})}}), texts{"\uFFFD[2J > \uFFFD[2J"});
}
