#pragma once

#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// `by` after `from`, where `by` may be as long as there are numbers.
[[nodiscard]] inline time_point later(time_point from, duration by) noexcept {
  return by > time_point::max() - from ? time_point::max() : from + by;
}

}  // namespace hocket::http::detail
