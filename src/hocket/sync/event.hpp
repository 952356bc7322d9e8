#pragma once

#include <hocket/base/assert.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// Lets any number of tasks wait until something has happened.
///
/// An event is set or clear. `wait()` returns at once while it is set and otherwise suspends until the next `set()`, which
/// wakes every task that was waiting then, in the order in which they began to wait, even if `clear()` follows in the same
/// turn: one waits for the occurrence, not for the state.
///
/// Belongs to one loop; other threads must not touch it. Destroying an event with waiters is a bug and ends the program.
/// Counterpart: asyncio.Event.
class event {
 public:
  class wait_operation final : public detail::waiter_at<event> {
   public:
    using waiter_at::waiter_at;
    [[nodiscard]] bool await_ready() const noexcept { return owner().set_; }
    void await_suspend(std::coroutine_handle<> handle) { line_up(handle, owner().waiters_); }
    void await_resume() { resumed(); }
  };

  event() = default;
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event() { HOCKET_ASSERT(waiters_.empty(), "an event was destroyed while tasks waited for it"); }

  /// True from `set()` until `clear()`.
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  /// Sets the event and schedules its waiters; none of them runs before this returns.
  void set() noexcept {
    set_ = true;
    detail::wake_all(waiters_);
  }

  /// Clears the event. Tasks already woken stay woken.
  void clear() noexcept { set_ = false; }

  /// Waits until the event is set; does not suspend while it is. Throws `cancelled`, and then the event is as if nobody had
  /// waited.
  [[nodiscard]] wait_operation wait() noexcept { return wait_operation(*this); }

 private:
  bool set_ = false;
  ready_queue waiters_;  // in order of arrival
};

}  // namespace hocket
