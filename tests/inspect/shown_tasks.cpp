#include "inspect/shown_tasks.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace hocket::testing {

using inspect::snapshot;
using inspect::task_state;

const std::string shown_programs = HOCKET_SHOWN_PROGRAMS;

namespace {

// The line of shown_program.cpp that is marked so.
std::string line_of(std::string_view mark) {
  std::ifstream source(HOCKET_SHOWN_SOURCE);
  int number = 1;
  for (std::string line; std::getline(source, line); ++number)
    if (line.ends_with("// here: " + std::string(mark))) return std::to_string(number);
  return "nowhere";
}

struct shown_task {
  task_state state;
  std::string waits_for;
  std::string frames;  // "function:line < function:line", innermost first; lines of shown_program.cpp alone
  std::set<std::string> awaited_by;
};

std::string frames_of(const snapshot& seen, const inspect::task& task) {
  std::string frames;
  for (const std::uint32_t number : task.frames) {
    const auto& place = seen.places.at(number);
    if (!frames.empty()) frames += " < ";
    frames += place.function;
    if (place.file.ends_with("shown_program.cpp")) frames += ":" + std::to_string(place.line);
  }
  return frames;
}

std::map<std::string, shown_task> tasks_of(const snapshot& seen) {
  std::map<std::string, shown_task> all;
  for (const auto& loop : seen.loops)
    for (const auto& task : loop.tasks) {
      shown_task& shown = all[task.name];
      shown = {.state = task.state,
               .waits_for = task.waits_for ? task.waits_for->kind : "",
               .frames = frames_of(seen, task),
               .awaited_by = {}};
      for (const std::uint32_t waiter : task.awaited_by) shown.awaited_by.insert(loop.tasks.at(waiter).name);
    }
  return all;
}

std::string who_are(const std::map<std::string, shown_task>& tasks) {
  std::string names;
  for (const auto& [name, task] : tasks) names += name + ", ";
  return names;
}

}  // namespace

void expect_shown_program(const snapshot& seen) {
  EXPECT_FALSE(seen.torn);
  ASSERT_EQ(seen.loops.size(), 1U);
  EXPECT_TRUE(seen.loops.front().running);
  EXPECT_EQ(seen.loops.front().tasks.size(), 18U);
  auto tasks = tasks_of(seen);
  const std::string nap = "shop::nap:" + line_of("nap");
  const auto expect = [&](const std::string& name, const std::string& waits_for, const std::string& frames,
                          const std::set<std::string>& awaited_by) {
    ASSERT_TRUE(tasks.contains(name)) << name << " is not among " << who_are(tasks);
    EXPECT_EQ(tasks[name].state, task_state::waiting) << name;
    EXPECT_EQ(tasks[name].waits_for, waits_for) << name;
    EXPECT_EQ(tasks[name].frames, frames) << name;
    EXPECT_EQ(tasks[name].awaited_by, awaited_by) << name;
  };
  expect("main", "to_thread", "shop::open:" + line_of("open"), {});
  expect("shared nap", "sleep", nap, {"first of", "looking", "waiting"});
  expect("orders", "queue get", "shop::till::next:" + line_of("orders"), {});
  expect("both", "gather", "hocket::gather", {});
  expect("team", "task group", "hocket::with_task_group < shop::team:" + line_of("team"), {});
  expect("outer nap", "sleep", nap, {"team"});
  expect("inner group", "task group", "hocket::with_task_group", {"team"});
  expect("inner nap", "sleep", nap, {"inner group"});
  expect("counting", "sleep", nap + " < shop::numbers:" + line_of("numbers") + " < shop::count:" + line_of("count"),
         {});
  expect("listening", "receive", "shop::listen:" + line_of("listen"), {});
  expect("holding", "sleep", nap + " < shop::hold:" + line_of("hold"), {});
  expect("queueing", "lock", "shop::hold:" + line_of("lock"), {});
  expect("looking", "shield", "shop::look:" + line_of("look"), {});
  expect("first of", "as_completed", "shop::first_of:" + line_of("first"), {});
  expect("waiting", "wait", "hocket::wait < shop::wait_for:" + line_of("wait"), {"joined"});
  expect("joined", "task", "shop::open()::(lambda):" + line_of("joined"), {});
  const auto gathered = std::ranges::count_if(
      tasks, [](const auto& each) { return each.second.awaited_by == std::set<std::string>{"both"}; });
  EXPECT_EQ(gathered, 2);
}

}  // namespace hocket::testing
