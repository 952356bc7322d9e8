#pragma once

#include <chrono>

namespace hocket {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// A length of time as users give it: any std::chrono duration, as long as it may be. What a loop cannot count becomes the
/// longest that it can; what is no number becomes zero.
class delay {
 public:
  constexpr delay() noexcept = default;
  template <class Rep, class Period>
  constexpr delay(std::chrono::duration<Rep, Period> given) noexcept : length_(bounded(given)) {}
  constexpr operator duration() const noexcept { return length_; }

 private:
  template <class Rep, class Period>
  static constexpr duration bounded(std::chrono::duration<Rep, Period> given) noexcept {
    const std::chrono::duration<long double, Period> exact(given);
    if (exact != exact) return duration::zero();  // not a number
    if (exact >= std::chrono::duration<long double, std::nano>(duration::max())) return duration::max();
    if (exact <= std::chrono::duration<long double, std::nano>(duration::min())) return duration::min();
    return std::chrono::duration_cast<duration>(given);
  }

  duration length_{};
};

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
