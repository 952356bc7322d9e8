#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <hocket/http/server/server.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// How long a client may take to send or take so many bytes of a body: `grace`, and from then on as `min_rate` has it.
[[nodiscard]] inline duration time_for(std::uint64_t bytes, const server_options& options) noexcept {
  if (options.min_rate == 0) return duration::max();
  const std::uint64_t most_seconds = 1'000'000'000;  // so that nanoseconds have room
  return options.grace + std::chrono::seconds(std::min(bytes / options.min_rate, most_seconds));
}

}  // namespace hocket::http::detail
