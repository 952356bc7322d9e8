#pragma once

#include <chrono>

#include <hocket/loop/clock.hpp>

namespace hocket::testing {

/// Time that jumps: when nothing is ready, the clock moves to the next timer at once. A test of an hour takes a moment, and
/// takes it the same way each time. Give it to a loop in `run_options::clock`; it must outlive the run.
///
/// - It moves only when a turn has found nothing to run, no answer of the system and nobody in `wait_all_tasks_blocked`, and
///   then exactly to the deadline of the first timer. Between two awaits it stands still, however long these take.
/// - While a thread of the loop's pool works (`to_thread`, name look-up, files on epoll), or of an executor for
///   `run_in_executor`, it stands still.
/// - While the kernel works on something (a receive, an accept), it is given `patience` of real time first, once for each
///   move. What takes longer loses against a timer.
/// - Without any timer the loop waits as ever.
/// - It begins at one hour. Let each loop have its own.
///
/// Counterpart: trio.testing.MockClock with autojump.
class virtual_clock final : public clock {
 public:
  explicit virtual_clock(std::chrono::nanoseconds patience = std::chrono::milliseconds(20)) noexcept
      : patience_(patience) {}

  [[nodiscard]] time_point now() noexcept override { return now_; }
  [[nodiscard]] std::chrono::nanoseconds patience(bool io_in_flight) noexcept override {
    return io_in_flight ? patience_ : std::chrono::nanoseconds(0);
  }
  void advance_to(time_point deadline) noexcept override {
    if (deadline > now_) now_ = deadline;
  }

 private:
  std::chrono::nanoseconds patience_;
  time_point now_{std::chrono::hours(1)};
};

}  // namespace hocket::testing
