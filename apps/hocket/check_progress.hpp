#pragma once

#include <cstdint>
#include <string>

#include <hocket/core/coro.hpp>

#include "crawl_progress.hpp"

namespace hocket::app {

/// Shows on standard error how many of the links were asked for, as `progress_display` shows a crawl.
class check_progress {
 public:
  check_progress(progress_display::mode how, std::uint64_t links) noexcept : mode_(how), links_(links) {}

  /// Shows it again and again until cancelled.
  [[nodiscard]] coro<void> follow();

  void count(bool is_broken) noexcept;
  /// Prints a line of its own, with the live line out of the way.
  void say(const std::string& line);
  /// Takes the live line away.
  void clear();

 private:
  void show();

  progress_display::mode mode_;
  std::uint64_t links_;
  std::uint64_t asked_ = 0;
  std::uint64_t broken_ = 0;
  bool is_shown_ = false;
};

}  // namespace hocket::app
