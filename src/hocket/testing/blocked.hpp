#pragma once

#include <hocket/core/operation.hpp>

namespace hocket::testing {

namespace detail {

class wait_all_tasks_blocked_operation final : public operation {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    prepare(waiter);
    task()->owner().schedule_when_idle(*this);
    begin_waiting();
  }
  void await_resume() { resumed(); }
  bool stop() noexcept override {
    unlink();
    wake_stopped();
    return true;
  }
};

}  // namespace detail

/// Waits until every other task waits for something that no ready task will give it.
/// Counterpart: trio.testing.wait_all_tasks_blocked.
[[nodiscard]] inline detail::wait_all_tasks_blocked_operation wait_all_tasks_blocked() noexcept { return {}; }

}  // namespace hocket::testing
