#pragma once

#include <chrono>
#include <ctime>

namespace hocket {

/// The system's time of day, in whole seconds: for the options named `wall_clock`. The library itself never reads it, so that a test or a
/// simulation can have another.
[[nodiscard]] inline std::chrono::sys_seconds system_wall_clock() noexcept {
  return std::chrono::sys_seconds(std::chrono::seconds(std::time(nullptr)));  // a few instructions, on Linux
}

}  // namespace hocket
