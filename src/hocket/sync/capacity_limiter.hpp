#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/task.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

struct capacity_limiter_statistics {
  std::size_t borrowed_tokens;
  std::size_t total_tokens;
  std::size_t tasks_waiting;
};

/// Limits how many may do something at once: a number of tokens, each borrowed by somebody. Unlike a semaphore it knows by
/// whom, lends each one token only, and its size may change while it is in use.
///
/// Borrowers are served first in, first out; nobody passes one that waits. A waiter that is cancelled hands a token that it had
/// received to the next one. To borrow and to give back takes time in proportion to the tokens that are out.
///
/// Belongs to one loop; must outlive those who wait. Counterpart: trio.CapacityLimiter.
class capacity_limiter {
 public:
  /// Who may hold a token: a task, which is kept in memory meanwhile, or any object, told by its address, that outlives the
  /// loan.
  class borrower {
   public:
    template <class T>
    borrower(const task<T>& who) noexcept : borrower(*who.record()) {}
    borrower(const void* object) noexcept : identity_(object) {}
    /// The running task. Throws `invalid_state_error` outside of one.
    [[nodiscard]] static borrower current() { return borrower(task_base::require_current()); }

    friend bool operator==(const borrower& a, const borrower& b) noexcept { return a.identity_ == b.identity_; }

   private:
    explicit borrower(task_base& who) noexcept : identity_(&who), task_(&who) { who.retain(); }

    const void* identity_;
    record_ref<task_base> task_;  // no other task may come to live at its address
  };

  /// Holds a token until it goes out of scope.
  class token {
   public:
    token(capacity_limiter& from, borrower whose) noexcept : from_(&from), whose_(std::move(whose)) {}
    token(token&& other) noexcept : from_(std::exchange(other.from_, nullptr)), whose_(std::move(other.whose_)) {}
    token& operator=(token&&) = delete;
    ~token() {
      if (from_ != nullptr) from_->release_on_behalf_of(whose_);
    }

   private:
    capacity_limiter* from_;
    borrower whose_;
  };

  class acquire_operation;
  class scoped_acquire_operation;

  explicit capacity_limiter(std::size_t total_tokens) noexcept : total_(total_tokens) {}
  capacity_limiter(const capacity_limiter&) = delete;
  capacity_limiter& operator=(const capacity_limiter&) = delete;
  ~capacity_limiter() { HOCKET_ASSERT(waiters_.empty(), "a capacity limiter was destroyed while tasks waited for it"); }

  [[nodiscard]] std::size_t total_tokens() const noexcept { return total_; }
  /// More tokens go to those who wait, at once. With fewer than are borrowed nobody loses one: they are not lent again.
  void set_total_tokens(std::size_t total) noexcept {
    total_ = total;
    lend();
  }
  [[nodiscard]] std::size_t borrowed_tokens() const noexcept { return borrowers_.size(); }
  /// 0 also while more are borrowed than there are.
  [[nodiscard]] std::size_t available_tokens() const noexcept { return total_ - std::min(total_, borrowers_.size()); }

  /// Waits for a token for the running task and holds it until the returned object goes out of scope. Throws `cancelled`, and
  /// `invalid_state_error` if the task has one already.
  [[nodiscard]] scoped_acquire_operation scoped_acquire() noexcept;
  /// The same; whoever acquires it calls `release`.
  [[nodiscard]] acquire_operation acquire() noexcept;
  /// For somebody else, who is the one that may not have two.
  [[nodiscard]] acquire_operation acquire_on_behalf_of(borrower who) noexcept;

  /// False if it would have to wait. Throws `invalid_state_error` if the task, or `who`, has a token already.
  bool acquire_nowait() { return acquire_on_behalf_of_nowait(borrower::current()); }
  bool acquire_on_behalf_of_nowait(borrower who) {
    if (holds(who)) throw invalid_state_error("this borrower holds a token of the limiter already");
    if (available_tokens() == 0) return false;
    borrowers_.push_back(std::move(who));
    return true;
  }

  /// Gives the token back: to the first in line, who goes on in the next turn. Throws `invalid_state_error` if the running task,
  /// or `who`, has none.
  void release() { release_on_behalf_of(borrower::current()); }
  void release_on_behalf_of(const borrower& who) {
    const auto found = std::find(borrowers_.begin(), borrowers_.end(), who);
    if (found == borrowers_.end()) throw invalid_state_error("this borrower holds no token of the limiter");
    borrowers_.erase(found);
    lend();
  }

  [[nodiscard]] capacity_limiter_statistics statistics() const noexcept {
    return {.borrowed_tokens = borrowers_.size(), .total_tokens = total_, .tasks_waiting = waiting_};
  }

 private:
  class waiter;

  [[nodiscard]] bool holds(const borrower& who) const noexcept {
    return std::find(borrowers_.begin(), borrowers_.end(), who) != borrowers_.end();
  }
  void lend() noexcept;

  std::size_t total_;
  std::vector<borrower> borrowers_;  // has room for those who wait, too: lending must not need memory
  std::size_t waiting_ = 0;
  ready_queue waiters_;  // in order of arrival; nobody waits while there are tokens
};

class capacity_limiter::waiter final : public detail::waiter_at<capacity_limiter> {
 public:
  waiter(capacity_limiter& owner, borrower who) noexcept : waiter_at(owner), who_(std::move(who)) {}

  void line_up(std::coroutine_handle<> handle) {
    const std::size_t most_borrowers = owner().borrowers_.size() + owner().waiting_ + 1;
    if (owner().borrowers_.capacity() < most_borrowers) owner().borrowers_.reserve(2 * most_borrowers);
    ++owner().waiting_;
    detail::waiter::line_up(handle, owner().waiters_);
  }
  bool stop() noexcept override {
    --owner().waiting_;
    return detail::waiter::stop();
  }
  /// Wakes it with a token, unless the borrower has come by one in the meantime.
  void lend_to() noexcept {
    --owner().waiting_;
    if (owner().holds(who_))
      refused_ = true;
    else
      owner().borrowers_.push_back(who_);
    wake();
  }
  void waited() {
    detail::waiter::waited([this] {
      if (!refused_) owner().release_on_behalf_of(who_);
    });
    if (refused_) throw invalid_state_error("this borrower holds a token of the limiter already");
  }

 private:
  borrower who_;
  bool refused_ = false;
};

inline void capacity_limiter::lend() noexcept {
  while (available_tokens() > 0 && !waiters_.empty()) static_cast<waiter&>(waiters_.pop_front()).lend_to();
}

class capacity_limiter::acquire_operation {
 public:
  explicit acquire_operation(capacity_limiter& owner, std::optional<borrower> who = {}) noexcept
      : owner_(owner), who_(std::move(who)) {}
  [[nodiscard]] bool await_ready() {
    if (!who_) who_ = borrower::current();
    return owner_.acquire_on_behalf_of_nowait(*who_);
  }
  void await_suspend(std::coroutine_handle<> handle) { waiter_.emplace(owner_, *who_).line_up(handle); }
  void await_resume() {
    if (waiter_) waiter_->waited();
  }

 protected:
  capacity_limiter& owner_;
  std::optional<borrower> who_;  // none: whoever awaits

 private:
  std::optional<waiter> waiter_;
};

class capacity_limiter::scoped_acquire_operation final : public acquire_operation {
 public:
  using acquire_operation::acquire_operation;
  [[nodiscard]] token await_resume() {
    acquire_operation::await_resume();
    return token(owner_, *who_);
  }
};

inline auto capacity_limiter::scoped_acquire() noexcept -> scoped_acquire_operation {
  return scoped_acquire_operation(*this);
}
inline auto capacity_limiter::acquire() noexcept -> acquire_operation { return acquire_operation(*this); }
inline auto capacity_limiter::acquire_on_behalf_of(borrower who) noexcept -> acquire_operation {
  return acquire_operation(*this, std::move(who));
}

}  // namespace hocket
