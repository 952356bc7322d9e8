#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "inspect/other_program.hpp"

namespace {

using hocket::testing::other_program;

const std::string program = std::string(HOCKET_SHOWN_PROGRAMS) + "/own_process";

// The lines of a tree, up to one that begins so; without places.
std::vector<std::string> lines_until(other_program& from, std::string_view last) {
  std::vector<std::string> lines;
  do {
    std::string line = from.line();
    if (line.empty()) break;  // the end, and no more to come
    if (const std::size_t made = line.find(" (made at"); made != std::string::npos) line.erase(made);
    lines.push_back(std::move(line));
  } while (!lines.back().starts_with(last));
  return lines;
}

std::string heading_of(const other_program& of) { return "tasks of process " + std::to_string(of.number()) + ":"; }

}  // namespace

TEST(own_process, prints_the_tree_of_its_own_tasks) {
  other_program shown({program, "waiting"});
  const std::vector<std::string> lines = lines_until(shown, "ready");
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines[0], heading_of(shown));
  EXPECT_EQ(lines[1], "* Task 'main'");
  EXPECT_TRUE(lines[2].contains("work() ")) << lines[2];
  EXPECT_TRUE(lines[2].ends_with(": running")) << lines[2];
  EXPECT_EQ(lines[3], "* Task 'joining'");
  EXPECT_TRUE(lines[4].ends_with(": task 'napping'"));
  EXPECT_EQ(lines[5], "  * Task 'napping'");
  EXPECT_TRUE(lines[6].contains("nap() ")) << lines[6];
}

TEST(own_process, prints_it_each_time_that_the_signal_comes) {
  other_program shown({program, "waiting"});
  lines_until(shown, "ready");
  for (int n = 0; n < 3; ++n) {
    ::kill(shown.number(), SIGQUIT);
    const std::vector<std::string> lines = lines_until(shown, "    | ");
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.front(), heading_of(shown));
    EXPECT_TRUE(lines.back().contains("nap() ")) << lines.back();
    EXPECT_TRUE(lines.back().contains(": sleep, 3")) << lines.back();
  }
  EXPECT_EQ(shown.end(), 0);
}

TEST(own_process, prints_it_while_its_loop_stands_still) {
  other_program shown({program, "blocked"});
  ASSERT_EQ(shown.line(), "ready");
  ::kill(shown.number(), SIGQUIT);
  const std::vector<std::string> lines = lines_until(shown, "    | ");
  ASSERT_GE(lines.size(), 3U);
  EXPECT_EQ(lines[1], "* Task 'main'");
  EXPECT_TRUE(lines[2].ends_with(": running")) << lines[2];
  EXPECT_EQ(shown.end(), 0);
}
