#pragma once

#include <hocket/core/operation.hpp>

namespace hocket {

namespace detail {

class sleep_operation final : public operation {
 public:
  explicit sleep_operation(duration length) noexcept { deadline_ = time_point(length); }
  sleep_operation(sleep_operation&& other) noexcept : operation(std::move(other)) { deadline_ = other.deadline_; }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    const duration length = deadline_.time_since_epoch();  // which it holds until then
    if (length > duration::zero()) {
      loop& owner = task_base::require_current().owner();
      owner.schedule_at(*this, owner.time_after(length));  // first, for it may throw
      suspend(waiter);
    } else {
      prepare(waiter);
      wake_in(loop::running());  // which is at hand, as the task's is not
      begin_waiting();
    }
  }
  void await_resume() { resumed(); }

  // Once for the timer, and a turn later to resume: as asyncio's timer sets a future that wakes the task.
  void run() noexcept override {
    if (is_waiting())
      wake_in(loop::running());
    else
      resume();
  }

  bool stop() noexcept override {
    task()->owner().unschedule(*this);
    wake_stopped();
    return true;
  }
};

}  // namespace detail

/// Suspends the task for at least `length`; zero or less lets every other ready task run once. Throws `cancelled`.
/// Counterpart: asyncio.sleep.
[[nodiscard]] inline detail::sleep_operation sleep(delay length) noexcept { return detail::sleep_operation(length); }

}  // namespace hocket
