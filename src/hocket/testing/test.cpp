#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <hocket/base/arena.hpp>
#include <hocket/testing/for_each_order.hpp>
#include <hocket/testing/test.hpp>

namespace hocket::testing {

static constexpr std::uint64_t seeds = 100;

namespace {

/// HOCKET_TEST_INTERRUPTS=N in the environment: from the program's beginning on, N times a second a signal strikes it whose handler
/// does nothing, and whatever call of the system can end with EINTR does so sooner or later.
class interruptions {
 public:
  interruptions() {
    const char* const wanted = std::getenv("HOCKET_TEST_INTERRUPTS");
    const long rate = wanted != nullptr ? std::atol(wanted) : 0;
    if (rate <= 0) return;
    struct sigaction action{};
    action.sa_handler = [](int) { happened.fetch_add(1, std::memory_order_relaxed); };
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMAX;
    timer_t timer{};
    const itimerspec times{.it_interval = {.tv_sec = rate == 1, .tv_nsec = 1'000'000'000 / rate % 1'000'000'000},
                           .it_value = {.tv_nsec = 1}};
    if (::sigaction(SIGRTMAX, &action, nullptr) != 0 || ::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        ::timer_settime(timer, 0, &times, nullptr) != 0) {
      std::perror("HOCKET_TEST_INTERRUPTS");
      std::abort();
    }
  }
  ~interruptions() {
    if (happened > 0) std::printf("interrupted %ld times\n", happened.load());
  }

 private:
  /// The signal strikes whichever thread there is, several at once.
  static inline std::atomic<long> happened = 0;
  static_assert(std::atomic<long>::is_always_lock_free);
};

const interruptions from_the_beginning;

}  // namespace

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
