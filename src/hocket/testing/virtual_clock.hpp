#pragma once

#include <chrono>

#include <hocket/loop/clock.hpp>

namespace hocket::testing {

/// Time that jumps: when nothing is ready, the clock moves to the next timer at once. A test of an hour takes a moment, and
/// takes it the same way each time. Counterpart: trio.testing.MockClock with autojump.
///
/// While the kernel still works on something, it is given `patience` of real time before the clock moves on.
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
