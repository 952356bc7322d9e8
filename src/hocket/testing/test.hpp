#pragma once

#include <gtest/gtest.h>

#include <hocket/core/coro.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/ends_cancelled.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace hocket::testing {

/// Runs a test's body on a loop of its own, then checks that no frame and no task record is left.
/// Skips, loudly, where io_uring is forbidden, unless HOCKET_REQUIRE_IO_URING is set.
void run_test(backend_kind backend, coro<void> (*body)());
void run_test_in_real_time(backend_kind backend, coro<void> (*body)());
void run_test_in_each_order(backend_kind backend, coro<void> (*body)());

}  // namespace hocket::testing

#define HOCKET_TEST_ON(backend, suite, name, runner)                                   \
  TEST(suite, name##_on_##backend) {                                                   \
    ::hocket::testing::runner(::hocket::backend_kind::backend, suite##_##name##_body); \
  }

#define HOCKET_TEST_ON_EACH(suite, name, runner) \
  HOCKET_TEST_ON(epoll, suite, name, runner)     \
  HOCKET_TEST_ON(io_uring, suite, name, runner)  \
  HOCKET_TEST_ON(poll, suite, name, runner)      \
  HOCKET_TEST_ON(select, suite, name, runner)

/// A test whose body is a coroutine, run on each backend under a virtual clock.
/// Use EXPECT_..., not ASSERT_..., which would `return`.
#define HOCKET_TEST(suite, name)                       \
  static ::hocket::coro<void> suite##_##name##_body(); \
  HOCKET_TEST_ON_EACH(suite, name, run_test)           \
  static ::hocket::coro<void> suite##_##name##_body()

/// The same in real time, for what is about the clock or talks to other processes.
#define HOCKET_REAL_TIME_TEST(suite, name)                \
  static ::hocket::coro<void> suite##_##name##_body();    \
  HOCKET_TEST_ON_EACH(suite, name, run_test_in_real_time) \
  static ::hocket::coro<void> suite##_##name##_body()

/// The same under a virtual clock, in a hundred random orders of what is ready in a turn (see `for_each_order`); a failure
/// names its seed, and HOCKET_TEST_SEED in the environment runs only that.
#define HOCKET_TEST_IN_EACH_ORDER(suite, name)             \
  static ::hocket::coro<void> suite##_##name##_body();     \
  HOCKET_TEST_ON_EACH(suite, name, run_test_in_each_order) \
  static ::hocket::coro<void> suite##_##name##_body()
