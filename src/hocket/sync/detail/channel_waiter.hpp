#pragma once

#include <condition_variable>
#include <coroutine>
#include <mutex>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/sync/detail/channel_rules.hpp>

namespace hocket::detail {

/// Who stands in line at an end of a channel between threads: a task of some loop, or a thread that blocks. All of it under the
/// channel's lock.
class channel_waiter : public list_link<channel_waiter> {
 public:
  channel_waiter(const void* end, void* item) noexcept : end_(end), item_(item) {}
  channel_waiter(const channel_waiter&) = delete;

  /// It has left the line: with what it waited for, or an error.
  void wake_with(channel_outcome how) noexcept {
    outcome_ = how;
    tell();
  }
  [[nodiscard]] channel_outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] bool is_at(const void* end) const noexcept { return end_ == end; }
  /// What a sender sends, or where a receiver wants it.
  [[nodiscard]] void* item() const noexcept { return item_; }
  [[nodiscard]] bool is_in_line() const noexcept { return list_link<channel_waiter>::is_linked(); }
  void leave_line() noexcept { list_link<channel_waiter>::unlink(); }

 protected:
  ~channel_waiter() = default;

 private:
  virtual void tell() noexcept = 0;

  const void* end_;
  void* item_;
  channel_outcome outcome_ = channel_outcome::pending;
};

using channel_line = intrusive_list<channel_waiter, channel_waiter>;

/// A task that waits. It is posted to its loop under the lock, and takes that once before it goes on: so `post`, which touches
/// the loop twice, has returned before the task can go on and end the loop.
class waiting_task final : public operation, public channel_waiter {
 public:
  waiting_task(std::mutex& mutex, const void* end, void* item) noexcept : channel_waiter(end, item), mutex_(mutex) {}

  /// Waits if `look`, called under the lock, gives `pending`; false if it need not. Even then it queues now and then, so that a
  /// task for which there is always something leaves time for the others.
  template <class Look>
  bool wait_unless(Look look, channel_line& line, std::coroutine_handle<> handle) {
    prepare(handle);
    channel_outcome found;
    try {
      const std::lock_guard guard(mutex_);
      found = look();
      if (found == channel_outcome::pending) line.push_back(*this);
    } catch (...) {  // no room for the item
      forget_waiting();
      throw;
    }
    if (found != channel_outcome::pending && ++here.inline_completions < most_inline_completions) {
      forget_waiting();
      return false;
    }
    if (found != channel_outcome::pending) task()->owner().schedule(static_cast<operation&>(*this));
    begin_waiting();
    return true;
  }

  /// Throws `cancelled` if that came first: then it has left the line, and touches nothing.
  void resumed() {
    if (was_stopped()) operation::resumed();
  }

  void run() noexcept override {
    if (!was_stopped()) const std::lock_guard until_it_was_posted(mutex_);
    operation::run();
  }
  bool stop() noexcept override {
    if (!left()) return false;  // what it waits for is on its way to here
    wake_stopped();
    return true;
  }
  void leave_behind() noexcept override {
    if (is_waiting()) static_cast<void>(left());
  }

 private:
  static constexpr unsigned most_inline_completions = 64;

  [[nodiscard]] bool left() noexcept {
    const std::lock_guard guard(mutex_);
    if (!is_in_line()) return false;
    leave_line();
    return true;
  }
  void tell() noexcept override { task()->owner().post(static_cast<operation&>(*this)); }

  std::mutex& mutex_;
};

/// A thread that waits.
class waiting_thread final : public channel_waiter {
 public:
  using channel_waiter::channel_waiter;

  void wait(std::unique_lock<std::mutex>& held) {
    told_.wait(held, [this] { return outcome() != channel_outcome::pending; });
  }

 private:
  void tell() noexcept override { told_.notify_one(); }

  std::condition_variable told_;
};

}  // namespace hocket::detail
