#pragma once

#include <algorithm>
#include <chrono>

#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// Counts what a peer may do now and then but not without end, for each costs us and brings nobody further: a bucket of 1,000 tokens
/// into which 33 flow a second, as nghttp2 has it for resets.
class flood_guard {
 public:
  /// Counts one. False: that was too many.
  [[nodiscard]] bool admit(time_point now) noexcept {
    if (last_ != time_point{}) left_ = std::min(capacity, left_ + per_second * seconds(now - last_));
    last_ = now;
    left_ -= 1;
    return left_ >= 0;
  }

 private:
  static constexpr double capacity = 1000;
  static constexpr double per_second = 33;
  static double seconds(duration length) noexcept { return std::chrono::duration<double>(length).count(); }

  double left_ = capacity;
  time_point last_{};
};

}  // namespace hocket::http::detail
