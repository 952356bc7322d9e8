#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>

#include <hocket/io/write_buffer_limits.hpp>

namespace hocket::detail {

/// Whether who writes is to pause: from above the high mark until down at the low one.
class water_marks {
 public:
  /// Without a number asyncio's: 64 KiB or four times the other; a quarter. Throws std::invalid_argument.
  void set(std::optional<std::size_t> high, std::optional<std::size_t> low) {
    const std::size_t most = high ? *high : low ? 4 * *low : 64 * 1024;
    const std::size_t few = low ? *low : most / 4;
    if (few > most) throw std::invalid_argument("the low-water mark stands above the high one");
    limits_ = {.low = few, .high = most};
  }

  [[nodiscard]] write_buffer_limits limits() const noexcept { return limits_; }
  [[nodiscard]] bool is_paused() const noexcept { return paused_; }

  /// So much waits now. True if a pause begins, or ends, by that.
  [[nodiscard]] bool begins_pause(std::size_t size) noexcept {
    if (paused_ || size <= limits_.high) return false;
    paused_ = true;
    return true;
  }
  [[nodiscard]] bool ends_pause(std::size_t size) noexcept {
    if (!paused_ || size > limits_.low) return false;
    paused_ = false;
    return true;
  }

 private:
  write_buffer_limits limits_{.low = 16 * 1024, .high = 64 * 1024};
  bool paused_ = false;
};

}  // namespace hocket::detail
