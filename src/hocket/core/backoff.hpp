#pragma once

#include <chrono>

#include <hocket/loop/clock.hpp>

namespace hocket {

/// How long to wait before one asks again: twice as long each time, of which a part is drawn at random, so that clients who failed together do
/// not come back together.
struct backoff {
  /// Before the second attempt.
  duration first = std::chrono::milliseconds(500);
  /// Before any.
  duration longest = std::chrono::minutes(1);

  /// After so many attempts, one at least: between half of it and the whole. Draws from the running loop's random numbers.
  [[nodiscard]] duration after(unsigned attempts) const;
};

}  // namespace hocket
