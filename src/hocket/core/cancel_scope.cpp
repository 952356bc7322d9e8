#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task_group.hpp>

namespace hocket {

void cancel_scope::enter() {
  HOCKET_ASSERT(task_ == nullptr, "a cancel scope ran two bodies at once");
  task_ = &task_base::require_current();
  caught_ = false;
  try {
    arm();
  } catch (...) {  // no memory for the timer: it was not entered
    task_ = nullptr;
    throw;
  }
  task_->push(node_);
}

void cancel_scope::arm() {
  if (!deadline_ || cancel_called()) return;
  loop& owner = task_->owner();
  if (*deadline_ <= owner.time())
    owner.schedule(alarm_);
  else
    owner.schedule_at(alarm_, *deadline_);
}

void cancel_scope::reschedule(std::optional<time_point> deadline) {
  deadline_ = deadline;
  if (task_ == nullptr) return;
  task_->owner().unschedule(alarm_);
  arm();
}

void cancel_scope::cancel() noexcept {
  if (cancel_called()) return;
  if (task_ != nullptr) task_->owner().insist_on_own_thread("cancel_scope::cancel was called");
  ++node_.requests;
  if (task_ == nullptr) return;
  task_->poke();
  task_group::poke_children(*task_, node_);
}

bool cancel_scope::leave(const std::exception_ptr& error) {
  task_->owner().unschedule(alarm_);
  const bool mine = cancel_called() && !task_->foreign(node_);
  task_->pop(node_);
  task_ = nullptr;
  caught_ = mine && is_cancelled(error);
  return caught_;
}

}  // namespace hocket
