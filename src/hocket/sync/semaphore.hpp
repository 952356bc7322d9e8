#pragma once

#include <cstddef>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// A number of permits for the tasks of one loop, served first in, first out: nobody passes a task that waits.
///
/// A waiter that is cancelled hands a permit that it had received to the next one. Counterpart: asyncio.Semaphore.
class semaphore {
 public:
  /// Holds a permit until it goes out of scope.
  class permit {
   public:
    explicit permit(semaphore& from) noexcept : from_(&from) {}
    permit(permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    permit& operator=(permit&&) = delete;
    ~permit() {
      if (from_ != nullptr) from_->release();
    }

   private:
    semaphore* from_;
  };

  class acquire_operation : public detail::waiter {
   public:
    explicit acquire_operation(semaphore& owner) noexcept : owner_(owner) {}
    [[nodiscard]] bool await_ready() const noexcept { return !owner_.locked(); }
    void await_suspend(std::coroutine_handle<> handle) { line_up(handle, owner_.waiters_); }
    void await_resume() {
      if (task() == nullptr) --owner_.value_;  // otherwise whoever woke it gave it a permit
      waited([this] { owner_.release(); });
    }

   protected:
    semaphore& owner_;
  };

  class scoped_acquire_operation final : public acquire_operation {
   public:
    using acquire_operation::acquire_operation;
    [[nodiscard]] permit await_resume() {
      acquire_operation::await_resume();
      return permit(owner_);
    }
  };

  explicit semaphore(std::size_t value = 1) noexcept : value_(value) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;
  ~semaphore() { HOCKET_ASSERT(waiters_.empty(), "a semaphore was destroyed while tasks waited for it"); }

  /// True if `acquire` would wait.
  [[nodiscard]] bool locked() const noexcept { return value_ == 0 || !waiters_.empty(); }

  /// Waits for a permit and holds it until the returned object goes out of scope.
  /// Throws `cancelled`; never takes a permit when it throws.
  [[nodiscard]] scoped_acquire_operation scoped_acquire() noexcept { return scoped_acquire_operation(*this); }

  /// Waits for a permit; whoever acquires it calls `release`. Throws as `scoped_acquire`.
  [[nodiscard]] acquire_operation acquire() noexcept { return acquire_operation(*this); }

  /// Gives a permit back, or adds one: to the first in line, who goes on in the next turn.
  void release() noexcept {
    if (!detail::wake_first(waiters_)) ++value_;
  }

 private:
  std::size_t value_;
  ready_queue waiters_;  // in order of arrival; each holds a permit from the moment it is woken
};

}  // namespace hocket
