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

/// Suspends until a turn finds nothing to run: every other task waits, and for nothing that a ready task, a callback or an
/// answer that the system has ready could give it. Time does not move meanwhile: timers that are due are run first, later
/// ones are not waited for. Tasks that wait here do not keep each other waiting; they go on in the same turn.
/// Throws `cancelled`.
///
/// Who waits for a thread (`to_thread`, files on epoll) or for bytes that are under way counts as blocked. trio lets one wait
/// for a while longer (`cushion`); here one waits for what is to happen, with an event.
/// Counterpart: trio.testing.wait_all_tasks_blocked.
[[nodiscard]] inline detail::wait_all_tasks_blocked_operation wait_all_tasks_blocked() noexcept { return {}; }

}  // namespace hocket::testing
