#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/fail_each_allocation.hpp>

using namespace std::chrono_literals;
using hocket::testing::fail_each_allocation;

namespace {

TEST(fail_each_allocation, fails_frames_and_records_one_after_the_other) {
  const auto report = fail_each_allocation([]() -> hocket::coro<void> {
    auto child = []() -> hocket::coro<void> { co_return; };
    co_await hocket::create_task(child());  // the scenario's frame and record, the child's frame and record
  });
  EXPECT_EQ(report.runs, 5U);
  EXPECT_EQ(report.failed, 4U);
}

#if !defined(HOCKET_SANITIZED)  // the thread sanitizer keeps its operator new
TEST(fail_each_allocation, fails_what_comes_from_operator_new_as_well) {
  const auto report = fail_each_allocation([]() -> hocket::coro<void> {
    const std::vector<std::string> two(2, std::string(100, 'x'));  // a string, the array, two copies
    co_return;
  });
  EXPECT_EQ(report.runs, 7U);
}
#endif

TEST(fail_each_allocation, counts_a_scenario_that_copes_as_not_failed) {
  const auto report = fail_each_allocation([]() -> hocket::coro<void> {
    try {
      co_await hocket::create_task(hocket::sleep(0s));  // a frame and a record
    } catch (const std::bad_alloc&) {
    }
  });
  EXPECT_EQ(report.runs, 5U);
  EXPECT_EQ(report.failed, 2U);
}

TEST(fail_each_allocation, lets_other_exceptions_out_and_says_which_allocation_failed) {
  const auto fragile = []() -> hocket::coro<void> {
    try {
      co_await hocket::create_task(hocket::sleep(0s));
    } catch (const std::bad_alloc&) {
      throw std::runtime_error("broken");
    }
  };
  try {
    static_cast<void>(fail_each_allocation(fragile));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const hocket::error& problem) {
    EXPECT_EQ(std::string(problem.what()), "allocation 3 failed: broken");
  }
}

TEST(fail_each_allocation, counts_tasks_that_are_left_running) {
  const auto nothing = []() -> hocket::coro<void> { co_return; };
  const auto report = fail_each_allocation([&]() -> hocket::coro<void> {
    auto first = hocket::create_task(hocket::sleep(0s));
    auto second = hocket::create_task(nothing());  // fails to be made while the first one runs
    co_await first;
    co_await second;
  });
  EXPECT_EQ(report.leaked_tasks, 2U);  // for the frame and the record of the second
}

TEST(fail_each_allocation, disturbs_nothing_afterwards) {
  static_cast<void>(fail_each_allocation([]() -> hocket::coro<void> { co_return; }));
  EXPECT_NO_THROW(hocket::run(hocket::sleep(0s)));
}

}  // namespace
