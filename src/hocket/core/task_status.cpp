// Starting a child that says when it is ready.
//
// The child is a child of the group from its first turn, so that the group's end waits for it and its abort reaches it. Only
// its errors are the starter's until it has started: the coroutine around it hands them over and returns. The starter stands
// among the child's waiters, behind the group, until the child starts; as it leaves no earlier than that, or than the child's
// end, the two may refer to each other by address.

#include <hocket/core/task_status.hpp>

namespace hocket::detail {

void start_wait::await_suspend(std::coroutine_handle<> waiter) {
  prepare(waiter);
  child_.record()->add_waiter(*this);
  begin_waiting();
}

bool start_wait::stop() noexcept {
  if (!passed_on_) passed_on_ = child_.cancel();
  return false;
}

void start_wait::started() noexcept {
  started_ = true;
  unlink();
  wake();
}

void start_wait::require_started() {
  if (started_) return;
  if (error_) std::rethrow_exception(error_);
  if (passed_on_ || child_.was_cancelled()) task()->throw_cancelled();
  throw invalid_state_error("the child ended without having said that it has started");
}

}  // namespace hocket::detail
