#include <cstdlib>

#include <hocket/base/arena.hpp>
#include <hocket/testing/for_each_order.hpp>
#include <hocket/testing/test.hpp>

namespace hocket::testing {

static constexpr std::uint64_t seeds = 100;

static void run_and_check(coro<void> (*body)(), run_options options) {
  const backend_kind backend = options.backend;
  if (backend == backend_kind::io_uring && !io_uring_works() && std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr)
    GTEST_SKIP() << "SKIPPED: io_uring is forbidden here; nothing of this test ran on it";
  const long before = arena::live_blocks();
  try {
    run(body(), options);
  } catch (const cancelled&) {
    ADD_FAILURE() << "the test's body was cancelled";
  }
  EXPECT_EQ(arena::live_blocks(), before) << "frames or task records were left behind";
}

void run_test(backend_kind backend, coro<void> (*body)()) {
  virtual_clock time;
  run_and_check(body, {.backend = backend, .clock = &time, .seed = seed_from_environment().value_or(0)});
}

void run_test_in_real_time(backend_kind backend, coro<void> (*body)()) {
  run_and_check(body, {.backend = backend, .seed = seed_from_environment().value_or(0)});
}

void run_test_in_each_order(backend_kind backend, coro<void> (*body)()) {
  const auto only = seed_from_environment();
  for (std::uint64_t seed = only.value_or(1); seed <= only.value_or(seeds); ++seed) {
    const ::testing::ScopedTrace trace(__FILE__, __LINE__, "HOCKET_TEST_SEED=" + std::to_string(seed));
    virtual_clock time;
    run_and_check(body, {.backend = backend, .clock = &time, .seed = seed, .shuffle = true});
    if (::testing::Test::HasFailure() || ::testing::Test::IsSkipped()) return;
  }
}

}  // namespace hocket::testing
