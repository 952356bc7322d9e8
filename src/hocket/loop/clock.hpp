#pragma once

#include <chrono>

namespace hocket {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// A source of time that stands in for the system's monotonic clock; a simulation's or a test's.
class clock {
 public:
  virtual ~clock() = default;

  /// Never goes back.
  [[nodiscard]] virtual time_point now() noexcept = 0;

  /// The loop has nothing ready. How long, in real time, may it wait for input and output before time moves on?
  /// `io_in_flight`: operations that the kernel or another thread may still complete.
  [[nodiscard]] virtual std::chrono::nanoseconds patience(bool io_in_flight) noexcept = 0;

  /// Nothing came within that time: the next timer is due at `deadline`.
  virtual void advance_to(time_point deadline) noexcept = 0;
};

}  // namespace hocket
