#include <cstdlib>

#include <hocket/base/arena.hpp>
#include <hocket/testing/test.hpp>

namespace hocket::testing {

static void run_and_check(backend_kind backend, coro<void> (*body)(), clock* time) {
  if (backend == backend_kind::io_uring && !io_uring_works() && std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr)
    GTEST_SKIP() << "SKIPPED: io_uring is forbidden here; nothing of this test ran on it";
  const long before = arena::live_blocks();
  try {
    run(body(), {.backend = backend, .clock = time});
  } catch (const cancelled&) {
    ADD_FAILURE() << "the test's body was cancelled";
  }
  EXPECT_EQ(arena::live_blocks(), before) << "frames or task records were left behind";
}

void run_test(backend_kind backend, coro<void> (*body)()) {
  virtual_clock time;
  run_and_check(backend, body, &time);
}

void run_test_in_real_time(backend_kind backend, coro<void> (*body)()) { run_and_check(backend, body, nullptr); }

}  // namespace hocket::testing
