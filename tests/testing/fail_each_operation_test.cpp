#include <cerrno>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/fail_each_operation.hpp>

using hocket::testing::fail_each_operation;

namespace {

TEST(fail_each_operation, fails_each_operation_with_each_of_its_errors) {
  const std::size_t opening = hocket::testing::possible_errors(hocket::io_op::open).size();
  const std::size_t reading = hocket::testing::possible_errors(hocket::io_op::read).size();
  const auto report = fail_each_operation([]() -> hocket::coro<void> {
    auto zeros = co_await hocket::file::open("/dev/zero");
    char byte = 0;
    static_cast<void>(co_await zeros.read({&byte, 1}));
  });
  EXPECT_EQ(report.failed, opening + reading);
  EXPECT_EQ(report.runs, opening + reading + 1);
}

TEST(fail_each_operation, gives_the_operation_the_error_of_the_system) {
  std::set<int> seen;
  static_cast<void>(fail_each_operation([&]() -> hocket::coro<void> {
    const auto opened = co_await hocket::as_expected(hocket::file::open("/dev/zero"));
    if (!opened) seen.insert(opened.error().value());
  }));
  const auto table = hocket::testing::possible_errors(hocket::io_op::open);
  EXPECT_EQ(seen, std::set<int>(table.begin(), table.end()));
}

TEST(fail_each_operation, fails_the_look_up_of_names) {
  std::set<std::string> seen;
  const auto report = fail_each_operation([&]() -> hocket::coro<void> {
    const auto found = co_await hocket::as_result(hocket::resolve("localhost", 80));
    if (found.has_value()) co_return;
    try {
      std::rethrow_exception(found.error());
    } catch (const std::system_error& error) {
      seen.insert(error.code().category().name());
    }
  });
  EXPECT_EQ(report.runs, 6U);
  EXPECT_EQ(seen, (std::set<std::string>{"getaddrinfo", "system"}));
}

TEST(fail_each_operation, says_which_operation_a_stuck_scenario_could_not_do_without) {
  const auto lost = []() -> hocket::coro<void> {
    hocket::event opened;
    if ((co_await hocket::as_expected(hocket::file::open("/dev/zero"))).has_value()) opened.set();
    co_await opened.wait();
  };
  try {
    static_cast<void>(fail_each_operation(lost));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const hocket::error& problem) {
    EXPECT_TRUE(std::string(problem.what()).starts_with("operation 1 failed with error 2")) << problem.what();
    EXPECT_NE(std::string(problem.what()).find("stuck"), std::string::npos) << problem.what();
  }
}

TEST(fail_each_operation, lets_an_error_of_the_undisturbed_run_out) {
  const auto wrong = []() -> hocket::coro<void> { static_cast<void>(co_await hocket::file::open("/nowhere/at/all")); };
  EXPECT_THROW(static_cast<void>(fail_each_operation(wrong)), hocket::error);
}

}  // namespace
