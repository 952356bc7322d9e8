#pragma once

#include <hocket/core/operation.hpp>

namespace hocket::detail {

/// One task in the line before a primitive. The primitive keeps the line, and wakes who is to go on.
class waiter : public operation {
 public:
  /// `place`: the primitive, told to those who look.
  explicit waiter(const void* place) noexcept : place_(place) {}
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

  void line_up_again(ready_queue& line) noexcept {
    wait_on();
    line.push_back(*this);
  }

  /// The task resumes. If it was woken and is cancelled all the same, `hand_on` gives its turn to the next one. A waiter that
  /// was stopped touches nothing: what it waited for may be gone.
  template <class HandOn>
  void waited(HandOn hand_on) {
    if (task() == nullptr) return;
    if (!was_stopped() && task()->must_throw()) hand_on();
    resumed();
  }

  [[nodiscard]] const void* place() const noexcept { return place_; }

 private:
  template <class>
  friend struct process_layout;

  const void* place_;
};

/// One that knows what it waits at.
template <class Primitive>
class waiter_at : public waiter {
 public:
  explicit waiter_at(Primitive& owner) noexcept : waiter(&owner) {}

 protected:
  [[nodiscard]] Primitive& owner() const noexcept { return *static_cast<Primitive*>(const_cast<void*>(this->place())); }
};

/// Precondition: somebody waits. Out of line, to keep the paths short on which nobody does.
[[gnu::noinline]] inline void wake_front(ready_queue& line) noexcept { static_cast<waiter&>(line.pop_front()).wake(); }

/// False if nobody waits.
inline bool wake_first(ready_queue& line) noexcept {
  if (line.empty()) return false;
  wake_front(line);
  return true;
}

inline void wake_all(ready_queue& line) noexcept {
  while (wake_first(line)) {
  }
}

}  // namespace hocket::detail
