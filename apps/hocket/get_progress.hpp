#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <hocket/loop/clock.hpp>

namespace hocket::app {

/// One line on a terminal that tells how far a download is, at most ten times a second.
class get_progress {
 public:
  /// `first`: bytes that were there before. `all`: with them, if it is known.
  get_progress(bool shown, std::uint64_t first, std::optional<std::uint64_t> all);
  ~get_progress();
  get_progress(const get_progress&) = delete;

  /// So many bytes have come.
  void show(std::uint64_t bytes);

 private:
  void draw(std::string line);

  bool shown_;
  bool drawn_ = false;
  std::uint64_t first_;
  std::optional<std::uint64_t> all_;
  time_point begun_;
  time_point next_;
};

}  // namespace hocket::app
