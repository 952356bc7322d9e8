#include <hocket/core/timeout.hpp>

namespace hocket {

void timeout::enter() {
  HOCKET_ASSERT(task_ == nullptr, "a timeout ran two bodies at once");
  expired_ = false;
  task_ = &task_base::require_current();
  if (limit_) deadline_ = task_->owner().time_after(*limit_);
  try {
    arm();
  } catch (...) {  // no memory for the timer: it was not entered
    task_ = nullptr;
    throw;
  }
  task_->push(node_);
}

void timeout::arm() {
  if (!deadline_) return;
  loop& owner = task_->owner();
  if (*deadline_ <= owner.time())
    owner.schedule(alarm_);
  else
    owner.schedule_at(alarm_, *deadline_);
}

void timeout::reschedule(std::optional<time_point> when) {
  if (expired_) throw invalid_state_error("the time-out has fired already");
  limit_.reset();
  deadline_ = when;
  if (task_ == nullptr) return;
  task_->owner().unschedule(alarm_);
  arm();
}

void timeout::expire() noexcept {
  expired_ = true;
  task_->request(node_);
}

void timeout::leave(const std::exception_ptr& error) {
  task_->owner().unschedule(alarm_);
  const bool foreign = task_->foreign(node_);
  task_->pop(node_);
  node_.requests = 0;
  task_ = nullptr;
  if (expired_ && !foreign && is_cancelled(error)) throw timeout_error{};
}

}  // namespace hocket
