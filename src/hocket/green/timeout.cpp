// A node on the task's stack of cancellations, as every limit has one. It cancels what the green thread waits for, and the wait makes of
// that cancellation, if it is nobody else's, what is thrown.

#include <utility>

#include <hocket/core/task_base.hpp>
#include <hocket/green/timeout.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::green {

void timeout::start() {
  detail::fiber& here = detail::require_current();
  if (on_ != nullptr) throw invalid_state_error("green::timeout::start: it was started already");
  task_base& task = task_base::require_current();
  loop& owner = task.owner();
  if (limit_) {
    if (*limit_ > duration::zero())
      owner.schedule_at(alarm_, owner.time_after(*limit_));  // may throw
    else
      owner.schedule(alarm_);
  }
  expired_ = false;
  on_ = &here;
  task_ = &task;
  task.push(node_);
  outer_ = std::exchange(here.innermost_timeout(), this);
}

void timeout::close() noexcept {
  if (on_ == nullptr) return;
  task_->owner().unschedule(alarm_);
  const bool is_undelivered = node_.requests > 0 && !task_->foreign(node_);
  if (is_undelivered) static_cast<void>(on_->take_interruption());
  task_->pop(node_);
  node_.requests = 0;
  node_.pending = false;
  std::exchange(on_, nullptr)->innermost_timeout() = outer_;
}

void timeout::expire() noexcept {
  expired_ = true;
  task_->request(node_);
}

void timeout::raise() {
  task_->settle(node_);
  if (error_) std::rethrow_exception(error_);
  throw timeout_expired(*this);
}

// The outermost of those that are over and that the task sees.
void detail::throw_expired(fiber& here) {
  timeout* found = nullptr;
  timeout* next = here.innermost_timeout();
  for (const cancel_node* node = task_base::current()->top(); next != nullptr && node != nullptr; node = node->outer) {
    if (node == &next->node_) {
      if (node->requests > 0) found = next;
      next = next->outer_;
    }
    if (node->shield) break;
  }
  if (found != nullptr && !found->task_->foreign(found->node_)) found->raise();
}

}  // namespace hocket::green
