#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/core/coro.hpp>

#include "crawl_progress.hpp"
#include "live_lines.hpp"

namespace hocket::app {

/// Shows on standard error how many of the links were asked for, as `progress_display` shows a crawl.
class check_progress {
 public:
  check_progress(progress_display::mode how, std::uint64_t links) noexcept : mode_(how), links_(links) {}

  /// Shows it again and again until cancelled.
  [[nodiscard]] coro<void> follow();

  void count(bool is_broken) noexcept;
  /// Prints a line of its own: see `live_lines`.
  void say(std::string_view line) { live_.say(line); }
  /// Takes the live line away.
  void clear() { live_.clear(); }

 private:
  void show();

  progress_display::mode mode_;
  std::uint64_t links_;
  std::uint64_t asked_ = 0;
  std::uint64_t broken_ = 0;
  live_lines live_;
};

}  // namespace hocket::app
