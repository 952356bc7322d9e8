#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/base/process_layout.hpp>
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

  class acquire_operation;
  class scoped_lock_operation;

  lock() = default;
  lock(const lock&) = delete;
  lock& operator=(const lock&) = delete;
  ~lock() {
    HOCKET_ASSERT(waiters_.empty() && state_ != state::handed_over, "a lock was destroyed while tasks waited for it");
  }

  [[nodiscard]] bool locked() const noexcept { return state_ == state::locked; }

  /// Waits for the lock and holds it until the returned guard goes out of scope.
  /// Throws `cancelled`; never takes the lock when it throws.
  [[nodiscard]] scoped_lock_operation scoped_lock() noexcept;

  /// Waits for the lock; whoever acquires it calls `release`. Throws as `scoped_lock`.
  [[nodiscard]] acquire_operation acquire() noexcept;

  /// Gives the lock up; the first in line gets it in the next turn. Throws `invalid_state_error` if it is not locked.
  void release() {
    if (!locked()) [[unlikely]]
      refuse_release();
    hand_over();
  }

 private:
  friend class condition;
  class waiter;
  template <class>
  friend struct detail::process_layout;

  // Handed over: to a waiter that was woken and has not run yet. Nobody waits for a lock that is free.
  enum class state : std::uint8_t { free, handed_over, locked };

  [[noreturn]] static void refuse_release();
  void take() noexcept {
    state_ = state::locked;
    holder_ = task_base::current();
  }
  void hand_over() noexcept {
    holder_ = nullptr;
    state_ = detail::wake_first(waiters_) ? state::handed_over : state::free;
  }

  state state_ = state::free;
  task_base* holder_ = nullptr;  // for those who look: the task that acquired it, which may have ended since
  ready_queue waiters_;          // in order of arrival
};

class lock::waiter final : public detail::waiter_at<lock> {
 public:
  using waiter_at::waiter_at;
  [[nodiscard]] task_base* held_by() const noexcept override { return owner().holder_; }
  void line_up(std::coroutine_handle<> handle) { detail::waiter::line_up(handle, owner().waiters_); }
  void waited() {
    detail::waiter::waited([this] { owner().hand_over(); });
  }
};

class lock::acquire_operation {
 public:
  explicit acquire_operation(lock& owner) noexcept : owner_(owner) {}
  [[nodiscard]] bool await_ready() const noexcept { return owner_.state_ == state::free; }
  void await_suspend(std::coroutine_handle<> handle) { waiter_.emplace(owner_).line_up(handle); }
  void await_resume() {
    if (waiter_) waiter_->waited();
    owner_.take();
  }

 protected:
  lock& owner_;

 private:
  std::optional<waiter> waiter_;
};

class lock::scoped_lock_operation final : public acquire_operation {
 public:
  using acquire_operation::acquire_operation;
  [[nodiscard]] guard await_resume() {
    acquire_operation::await_resume();
    return guard(owner_);
  }
};

inline auto lock::scoped_lock() noexcept -> scoped_lock_operation { return scoped_lock_operation(*this); }
inline auto lock::acquire() noexcept -> acquire_operation { return acquire_operation(*this); }

}  // namespace hocket
