#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/tree_text.hpp>

#include "inspect/backends.hpp"
#include "inspect/other_program.hpp"
#include "inspect/shown_tasks.hpp"

using namespace std::chrono_literals;
using hocket::inspect::read_process;
using hocket::inspect::snapshot;
using hocket::testing::may_be_missing;
using hocket::testing::other_program;
using hocket::testing::shown_programs;

namespace {

struct reading {
  explicit reading(const char* backend) : program({shown_programs + "/counted"}, backend) {
    is_ready = program.line() == "ready";
    if (!is_ready) return;
    seen = read_process(program.number());
    for (const auto& task : seen.loops.at(0).tasks) tasks[task.name] = task;
  }
  other_program program;
  bool is_ready = false;
  snapshot seen;
  std::map<std::string, hocket::inspect::task> tasks;

  std::string name(std::uint32_t task) const { return seen.loops.at(0).tasks.at(task).name; }
};

void on_each_backend(void (*check)(reading&)) {
  for (const char* backend : {"epoll", "io_uring", "poll", "select"}) {
    SCOPED_TRACE(backend);
    reading made(backend);
    if (!made.is_ready && may_be_missing(backend)) continue;
    ASSERT_TRUE(made.is_ready);
    check(made);
  }
}

}  // namespace

TEST(read_process, tells_who_holds_the_lock_that_is_waited_for) {
  on_each_backend([](reading& made) {
    EXPECT_EQ(made.tasks["left"].waits_for.value().kind, "lock");
    EXPECT_EQ(made.name(made.tasks["left"].waits_for.value().held_by.value()), "right");
    EXPECT_EQ(made.name(made.tasks["right"].waits_for.value().held_by.value()), "left");
    EXPECT_NE(tree_text(made.seen).find("a circle: it waits for itself"), std::string::npos);
  });
}

TEST(read_process, tells_in_whose_line_a_task_stands) {
  on_each_backend([](reading& made) {
    const auto object = [&made](const char* task) { return made.tasks[task].waits_for.value().object.value(); };
    EXPECT_EQ(object("guest"), object("other guest"));
    EXPECT_NE(object("left"), object("right"));
    EXPECT_NE(object("left"), object("guest"));
  });
}

TEST(read_process, shows_the_tasks_of_a_merges_sources_below_it) {
  on_each_backend([](reading& made) {
    EXPECT_EQ(made.tasks["merging"].waits_for.value().kind, "merge");
    EXPECT_EQ(made.tasks["merging"].waits_for.value().count.value(), 2U);
    for (const char* source : {"source 1", "source 2"}) {
      ASSERT_EQ(made.tasks[source].awaited_by.size(), 1U) << source;
      EXPECT_EQ(made.name(made.tasks[source].awaited_by.front()), "merging");
    }
  });
}

TEST(read_process, shows_somebody_elses_awaitable_as_foreign_with_all_frames) {
  on_each_backend([](reading& made) {
    const auto& foreign = made.tasks["foreign"];
    EXPECT_EQ(foreign.waits_for.value().kind, "foreign");
    ASSERT_EQ(foreign.frames.size(), 2U);
    EXPECT_EQ(made.seen.places.at(foreign.frames[0]).function, "counted::await_foreign");
    EXPECT_EQ(made.seen.places.at(foreign.frames[1]).function, "counted::await_nested");
  });
}

TEST(read_process, tells_what_a_task_says_that_it_does_how_often_it_went_on_and_since_when_it_waits) {
  on_each_backend([](reading& made) {
    const auto& saying = made.tasks["saying"];
    EXPECT_EQ(saying.activity, "bake a cake, mixing > break eggs");
    EXPECT_EQ(saying.steps, 5U);
    EXPECT_GE(saying.age, saying.since + 4ms);
    EXPECT_GE(saying.since, 0ms);
    EXPECT_FALSE(saying.spent);
    EXPECT_EQ(made.tasks["left"].steps, 2U);
    EXPECT_EQ(made.tasks["left"].activity, "");
  });
}

TEST(read_process, tells_what_a_loop_asked_of_the_system_and_what_it_has) {
  on_each_backend([](reading& made) {
    const auto& loop = made.seen.loops.at(0);
    EXPECT_EQ(loop.bytes_sent, 1000U);
    EXPECT_EQ(loop.bytes_received, 1000U);
    for (const char* kind : {"send", "receive"}) {
      const auto counted = std::ranges::find(loop.requests, kind, &hocket::inspect::operations::kind);
      ASSERT_NE(counted, loop.requests.end()) << kind;
      EXPECT_EQ(counted->succeeded, 1U);
      EXPECT_EQ(counted->failed, 0U);
    }
    EXPECT_EQ(loop.descriptors, 2U);
    EXPECT_EQ(loop.in_flight, 1U);
    EXPECT_EQ(loop.timers, 3U);
    EXPECT_GT(loop.looks, 5U);
    const auto steps_of_living = std::accumulate(loop.tasks.begin(), loop.tasks.end(), std::uint64_t{0},
                                                 [](auto sum, const auto& task) { return sum + task.steps; });
    EXPECT_EQ(loop.steps, steps_of_living + 2);  // of the task that has ended
    EXPECT_EQ(loop.ready, 0U);
    EXPECT_GT(std::accumulate(loop.lag.begin(), loop.lag.end(), std::uint64_t{0}), 5U);
  });
}

TEST(read_process, reads_a_process_whose_first_thread_has_ended) {
  other_program program({shown_programs + "/counted", "headless"});
  ASSERT_EQ(program.line(), "ready");
  const snapshot seen = read_process(program.number());
  EXPECT_EQ(seen.loops.at(0).tasks.size(), 11U);
  const auto all = hocket::inspect::find_processes();
  EXPECT_EQ(std::ranges::count(all, program.number()), 1);
}

TEST(read_process, counts_the_time_in_steps_of_a_program_in_debug_mode) {
  ::setenv("HOCKET_DEBUG", "1", 1);
  reading made("epoll");
  ::unsetenv("HOCKET_DEBUG");
  ASSERT_TRUE(made.is_ready);
  EXPECT_GT(made.tasks["saying"].spent.value(), 0ns);
}
