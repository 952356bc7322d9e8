#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include <hocket/crawl/crawler.hpp>

namespace hocket::app {

/// Shows how far a crawl is: one live line on a terminal, a plain line now and then elsewhere.
class progress_display {
 public:
  enum class mode { never, live, plain };

  /// `most_pages`: where the crawl will end, if that is known; shown as the time left.
  progress_display(mode how, std::optional<std::uint64_t> most_pages) noexcept : mode_(how), most_pages_(most_pages) {}

  /// Shows the state again and again until cancelled.
  [[nodiscard]] coro<void> follow(const crawl::crawler& work);

  /// Prints a line of its own to standard error, with the live line out of the way.
  void say(const std::string& line);

  /// Takes the live line away.
  void clear();

 private:
  struct sample {
    duration elapsed;
    std::uint64_t pages;
    std::uint64_t bytes;
  };

  void show(const crawl::progress& now);
  [[nodiscard]] std::string time_left(const crawl::progress& now) const;

  mode mode_;
  std::optional<std::uint64_t> most_pages_;
  bool shown_ = false;
  std::deque<sample> recent_;  // of the last two seconds: what rates are told from
};

}  // namespace hocket::app
