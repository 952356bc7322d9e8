#pragma once

#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// A first-in, first-out lock for the tasks of one loop.
///
/// Waiters are served strictly in the order in which they asked: a task that finds the lock free while others wait still
/// queues behind them. A waiter that is cancelled leaves the line and hands any wake-up it had received to the next one.
///
/// Not for threads: use it from the loop that runs its tasks. Counterpart: asyncio.Lock.
class lock {
 public:
  /// Holds the lock until it goes out of scope.
  class guard {
   public:
    explicit guard(lock& held) noexcept : held_(&held) {}
    guard(guard&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    guard& operator=(guard&&) = delete;
    ~guard() {
      if (held_ != nullptr) held_->release();
    }

   private:
    lock* held_;
  };

  class acquire_operation : public detail::waiter {
   public:
    explicit acquire_operation(lock& owner) noexcept : owner_(owner) {}
    [[nodiscard]] bool await_ready() const noexcept { return owner_.is_free(); }
    void await_suspend(std::coroutine_handle<> handle) { line_up(handle, owner_.waiters_); }
    void await_resume() {
      if (task() != nullptr && !was_stopped()) owner_.handed_over_ = false;
      waited([this] { owner_.hand_over(); });
      owner_.locked_ = true;
    }

   protected:
    lock& owner_;
  };

  class scoped_lock_operation final : public acquire_operation {
   public:
    using acquire_operation::acquire_operation;
    [[nodiscard]] guard await_resume() {
      acquire_operation::await_resume();
      return guard(owner_);
    }
  };

  lock() = default;
  lock(const lock&) = delete;
  lock& operator=(const lock&) = delete;
  ~lock() { HOCKET_ASSERT(waiters_.empty() && !handed_over_, "a lock was destroyed while tasks waited for it"); }

  [[nodiscard]] bool locked() const noexcept { return locked_; }

  /// Waits for the lock and holds it until the returned guard goes out of scope.
  /// Throws `cancelled`; never takes the lock when it throws.
  [[nodiscard]] scoped_lock_operation scoped_lock() noexcept { return scoped_lock_operation(*this); }

  /// Waits for the lock; whoever acquires it calls `release`. Throws as `scoped_lock`.
  [[nodiscard]] acquire_operation acquire() noexcept { return acquire_operation(*this); }

  /// Gives the lock up; the first in line gets it in the next turn. Throws `invalid_state_error` if it is not locked.
  void release() {
    if (!locked_) throw invalid_state_error("a lock was released that nobody holds");
    locked_ = false;
    hand_over();
  }

 private:
  [[nodiscard]] bool is_free() const noexcept { return !locked_ && !handed_over_ && waiters_.empty(); }
  void hand_over() noexcept { handed_over_ = detail::wake_first(waiters_); }

  bool locked_ = false;
  bool handed_over_ = false;  // to a waiter that has been woken and has not run yet
  ready_queue waiters_;       // in order of arrival
};

}  // namespace hocket
