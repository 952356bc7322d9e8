#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <hocket/crawl/engine.hpp>
#include <hocket/crawl/stats/crawl_stats.hpp>

#include "live_lines.hpp"

namespace hocket::app {

/// Shows how far a crawl is: one live line on a terminal, and the slowest hosts below it if wanted; a plain line now and then elsewhere.
class progress_display {
 public:
  enum class mode { never, live, plain };

  /// `counted`: whose slowest hosts are shown; null: none are. Outlives this.
  progress_display(mode how, const crawl::crawl_stats* counted) noexcept : mode_(how), counted_(counted) {}

  /// Shows the state again and again until cancelled.
  [[nodiscard]] coro<void> follow(const crawl::engine& work);

  /// Prints a line of its own to standard error: see `live_lines`.
  void say(std::string_view line) { live_.say(line); }

  /// Takes away what is live.
  void clear() { live_.clear(); }

 private:
  struct rates {
    double pages_per_second;
    double bytes_per_second;
  };
  struct sample {
    duration elapsed;
    std::uint64_t pages;
    std::uint64_t bytes;
  };

  void show(const crawl::progress& now);
  [[nodiscard]] rates rates_of(const crawl::progress& now);

  mode mode_;
  const crawl::crawl_stats* counted_;
  live_lines live_;
  std::deque<sample> recent_;  // of the last two seconds: what rates are told from
};

}  // namespace hocket::app
