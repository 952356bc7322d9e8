#pragma once

#include <hocket/core/operation.hpp>

namespace hocket::detail {

/// Lets the first in line go on. False if nobody waits.
inline bool wake_first(ready_queue& line) noexcept;

/// One task in the line before a primitive. The primitive keeps the line, and wakes who is to go on.
class waiter : public operation {
 public:
  waiter() noexcept = default;
  waiter(waiter&&) noexcept = default;

  using operation::wake;

  /// Cancelled while in line: leaves it.
  bool stop() noexcept override {
    unlink();
    wake_stopped();
    return true;
  }

 protected:
  void line_up(std::coroutine_handle<> handle, ready_queue& line) {
    prepare(handle);
    line.push_back(*this);
    begin_waiting();
  }

  /// The task resumes. One that was woken and is cancelled all the same wakes the next, if there is something to go on with.
  void waited(ready_queue& line, bool can_go_on) {
    const bool was_woken = task() != nullptr && !was_stopped();
    try {
      resumed();
    } catch (const cancelled&) {
      if (was_woken && can_go_on) wake_first(line);
      throw;
    }
  }
};

inline bool wake_first(ready_queue& line) noexcept {
  if (line.empty()) return false;
  static_cast<waiter&>(line.pop_front()).wake();
  return true;
}

inline void wake_all(ready_queue& line) noexcept {
  while (wake_first(line)) {
  }
}

}  // namespace hocket::detail
