#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// A number of permits for the tasks of one loop, served first in, first out: nobody passes a task that waits, nor one that
/// was woken and has not run yet.
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
      if (from_ != nullptr) HOCKET_ASSERT(from_->give_back(), "a permit of a bounded semaphore was released twice");
    }

   private:
    semaphore* from_;
  };

  class acquire_operation;
  class scoped_acquire_operation;

  explicit semaphore(std::size_t value = 1) noexcept : semaphore(value, std::numeric_limits<std::size_t>::max()) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;
  ~semaphore() {
    HOCKET_ASSERT(waiters_.empty() && admitted_ == 0, "a semaphore was destroyed while tasks waited for it");
  }

  /// True if `acquire` would wait.
  [[nodiscard]] bool locked() const noexcept { return value_ == 0 || admitted_ > 0 || !waiters_.empty(); }

  /// Waits for a permit and holds it until the returned object goes out of scope.
  /// Throws `cancelled`; never takes a permit when it throws.
  [[nodiscard]] scoped_acquire_operation scoped_acquire() noexcept;

  /// Waits for a permit; whoever acquires it calls `release`. Throws as `scoped_acquire`.
  [[nodiscard]] acquire_operation acquire() noexcept;

  /// Gives a permit back, or adds one: to the first in line, who goes on in the next turn.
  void release() noexcept { static_cast<void>(give_back()); }

 protected:
  semaphore(std::size_t value, std::size_t bound) noexcept : value_(value), bound_(bound) {}

  /// False if there would be more permits than `bound`.
  [[nodiscard]] bool give_back() noexcept {
    if (value_ >= bound_) return false;
    ++value_;
    admit();
    return true;
  }

 private:
  class waiter;

  /// Gives a permit to the first in line, if there are both.
  void admit() noexcept {
    if (value_ == 0 || !detail::wake_first(waiters_)) return;
    --value_;
    ++admitted_;
  }

  std::size_t value_;
  std::size_t bound_;
  std::size_t admitted_ = 0;  // have been woken with a permit and have not run yet
  ready_queue waiters_;       // in order of arrival
};

class semaphore::waiter final : public detail::waiter_at<semaphore> {
 public:
  using waiter_at::waiter_at;
  void line_up(std::coroutine_handle<> handle) { detail::waiter::line_up(handle, owner().waiters_); }
  void waited() {
    if (!was_stopped()) arrive();
    resumed();
  }

 private:
  // Others may have had to line up behind this one although there were permits left.
  void arrive() noexcept {
    --owner().admitted_;
    if (task()->must_throw()) ++owner().value_;
    while (owner().value_ > 0 && !owner().waiters_.empty()) owner().admit();
  }
};

class semaphore::acquire_operation {
 public:
  explicit acquire_operation(semaphore& owner) noexcept : owner_(owner) {}
  [[nodiscard]] bool await_ready() const noexcept { return !owner_.locked(); }
  void await_suspend(std::coroutine_handle<> handle) { waiter_.emplace(owner_).line_up(handle); }
  void await_resume() {
    if (waiter_)
      waiter_->waited();
    else
      --owner_.value_;
  }

 protected:
  semaphore& owner_;

 private:
  std::optional<waiter> waiter_;
};

class semaphore::scoped_acquire_operation final : public acquire_operation {
 public:
  using acquire_operation::acquire_operation;
  [[nodiscard]] permit await_resume() {
    acquire_operation::await_resume();
    return permit(owner_);
  }
};

inline auto semaphore::scoped_acquire() noexcept -> scoped_acquire_operation { return scoped_acquire_operation(*this); }
inline auto semaphore::acquire() noexcept -> acquire_operation { return acquire_operation(*this); }

}  // namespace hocket
