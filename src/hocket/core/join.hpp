#pragma once

#include <hocket/base/error.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/core/operation.hpp>

namespace hocket::detail {

/// Waits until a task or future has ended; cancelling the waiter cancels what it waits for.
class join_operation : public operation {
 public:
  explicit join_operation(record_ref<future_base> target) noexcept : target_(std::move(target)) {}

  [[nodiscard]] bool await_ready() const noexcept { return target_->done(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    if (target_.get() == task_base::current()) throw invalid_state_error("a task cannot await itself");
    target_->require_running_loop();
    prepare(waiter);
    target_->add_waiter(*this);
    begin_waiting();
  }

  bool stop() noexcept override { return target_->cancel(); }
  [[nodiscard]] task_base* awaited_task() noexcept override { return target_->as_task(); }

 protected:
  template <class>
  friend struct process_layout;

  /// Throws if the wait or the target was cancelled. A task that awaits a cancelled one is served by that throw.
  void joined() {
    resumed();
    if (!target_->was_cancelled()) return;
    if (task() != nullptr) task()->take();
    throw cancelled{};
  }

  record_ref<future_base> target_;
};

}  // namespace hocket::detail
