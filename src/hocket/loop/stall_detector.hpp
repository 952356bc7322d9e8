#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace hocket::detail {

/// Decides whether a loop has stalled, by looks at the number of its turn that come at equal intervals.
///
/// It is looks that count, not the time between them: a process that was stopped (SIGSTOP, a debugger) goes on as if nothing had
/// happened, and on a machine that lets nobody run for a while the looks are late, too.
class stall_detector {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit stall_detector(nanoseconds limit) noexcept : limit_(limit) {}

  [[nodiscard]] nanoseconds interval() const noexcept {
    return std::max<nanoseconds>(limit_ / 4, std::chrono::milliseconds(1));
  }

  /// The turn under way is `turn`; 0: none is. Gives how long it has lasted for certain, if that is the limit or longer.
  std::optional<nanoseconds> look(std::uint64_t turn) noexcept {
    lasted_ = turn != 0 && turn == seen_ ? lasted_ + interval() : nanoseconds::zero();
    seen_ = turn;
    if (turn == 0 || lasted_ < limit_) return std::nullopt;
    return lasted_;
  }

 private:
  nanoseconds limit_;
  nanoseconds lasted_{};
  std::uint64_t seen_ = 0;
};

}  // namespace hocket::detail
