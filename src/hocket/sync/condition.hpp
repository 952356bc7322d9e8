#pragma once

#include <cstddef>
#include <limits>
#include <type_traits>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// Lets tasks that hold a lock wait until another one has changed what the lock protects.
///
///     auto held = co_await changed.scoped_lock();
///     co_await changed.wait_for([&] { return !jobs.empty(); });
///
/// Several conditions may share one lock. Those who wait are woken in the order in which they began to wait, and each goes on
/// when it has the lock again: whoever notifies should soon let go of it.
///
/// Belongs to one loop; must outlive those who wait, cancelled or not, for they need its lock on their way out (checked).
/// Counterpart: asyncio.Condition.
class condition {
 public:
  class wait_operation;

  condition() noexcept : lock_(own_) {}
  /// Over `shared`, which must outlive the condition.
  explicit condition(hocket::lock& shared) noexcept : lock_(shared) {}
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;
  ~condition() { HOCKET_ASSERT(waiting_ == 0, "a condition was destroyed while tasks waited for it"); }

  // ---- the lock, as in `hocket::lock`

  [[nodiscard]] lock::scoped_lock_operation scoped_lock() noexcept { return lock_.scoped_lock(); }
  [[nodiscard]] lock::acquire_operation acquire() noexcept { return lock_.acquire(); }
  void release() { lock_.release(); }
  [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }

  // ---- waiting; the lock must be held

  /// Gives the lock up, waits for a notification, and takes the lock again. May return without a notification: look at what is
  /// waited for in a loop, or use `wait_for`.
  ///
  /// Throws `cancelled`, with the lock held: it is taken again first, and requests that arrive meanwhile are served by the
  /// same throw. A notification that had reached it goes to the next waiter then. Throws `invalid_state_error` if nobody holds
  /// the lock.
  [[nodiscard]] wait_operation wait() noexcept;

  /// Waits until `predicate()` is true, and gives what it returned. The lock is held whenever it is called. Does not suspend if
  /// it is true at once. Throws as `wait`, and what `predicate` throws.
  template <class Predicate>
  coro<std::remove_cvref_t<std::invoke_result_t<Predicate&>>> wait_for(Predicate predicate);

  /// Wakes `n` waiters, or as many as there are. Throws `invalid_state_error` if nobody holds the lock.
  void notify(std::size_t n = 1) {
    require_locked("a condition was notified without its lock");
    wake(n);
  }
  void notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

 private:
  void require_locked(const char* complaint) const {
    if (!lock_.locked()) throw invalid_state_error(complaint);
  }
  void wake(std::size_t n) noexcept {
    while (n > 0 && detail::wake_first(waiters_)) --n;
  }

  hocket::lock own_;  // unused if another one was given
  hocket::lock& lock_;
  std::size_t waiting_ = 0;  // in line, or on their way back to the lock
  ready_queue waiters_;      // in order of arrival
};

/// Stands first in the condition's line, then, unless the lock is free, in the lock's. Deaf there.
class condition::wait_operation final : public detail::waiter_at<condition> {
 public:
  using waiter_at::waiter_at;

  [[nodiscard]] bool await_ready() const {
    owner().require_locked("a task waited for a condition without its lock");
    return false;
  }
  void await_suspend(std::coroutine_handle<> handle) {
    prepare(handle);
    owner().lock_.hand_over();
    ++owner().waiting_;
    owner().waiters_.push_back(*this);
    begin_waiting();
  }
  void await_resume() {
    --owner().waiting_;
    owner().lock_.take();
    if (!stopped_ && !task()->must_throw()) return;
    if (!stopped_) owner().wake(1);
    task()->throw_cancelled();
  }

  void run() noexcept override {
    if (!reacquiring_) {
      stopped_ = was_stopped();
      reacquiring_ = true;
      if (owner().lock_.state_ != lock::state::free) return line_up_again(owner().lock_.waiters_);
    }
    resume();
  }
  bool stop() noexcept override { return !reacquiring_ && waiter::stop(); }

 private:
  bool reacquiring_ = false;
  bool stopped_ = false;  // cancelled before it was notified
};

inline auto condition::wait() noexcept -> wait_operation { return wait_operation(*this); }

template <class Predicate>
coro<std::remove_cvref_t<std::invoke_result_t<Predicate&>>> condition::wait_for(Predicate predicate) {
  for (;;) {
    auto answer = predicate();
    if (answer) co_return answer;
    co_await wait();
  }
}

}  // namespace hocket
