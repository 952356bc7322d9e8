// A wait stands with one watcher among the waiters of each target. The operation itself is what stands in the timers, so it
// runs twice when it times out: once for the timer, and a turn later to resume, as asyncio's.

#include <hocket/base/process_table.hpp>
#include <hocket/core/wait.hpp>

namespace hocket::detail {

template <>
struct process_layout<wait_operation> {
  static constexpr shown_types<2> types{{
      {&typeid(wait_operation), shown_type::meaning::gathers, {offsetof(wait_operation, left_)}},
      {&typeid(wait_operation::watcher),
       shown_type::meaning::wakes,
       {offsetof(wait_operation::watcher, owner), offsetof(operation, task_)}},
  }};
};
HOCKET_SHOW(shown_types<2>, hocket_shows_wait) = process_layout<wait_operation>::types;
HOCKET_NOTE(2, hocket_shows_wait);

wait_operation::wait_operation(const std::vector<future_base*>& targets, const wait_options& options)
    : watchers_(targets.size()), left_(targets.size()), options_(options) {
  for (std::size_t n = 0; n < targets.size(); ++n) watchers_[n].target = targets[n];
}

void wait_operation::await_suspend(std::coroutine_handle<> waiter) {
  for (const watcher& each : watchers_) each.target->require_running_loop();
  if (options_.timeout) {
    loop& owner = task_base::require_current().owner();
    owner.schedule_at(*this, owner.time_after(*options_.timeout));  // first, for it may throw
  }
  prepare(waiter);
  for (watcher& each : watchers_) {
    each.owner = this;
    each.target->add_waiter(each);
  }
  begin_waiting();
}

void wait_operation::target_ended(const future_base& target) noexcept {
  --left_;
  const bool enough = left_ == 0 || options_.return_when == return_when::first_completed ||
                      (options_.return_when == return_when::first_exception && target.failed());
  if (!enough || !is_waiting()) return;
  task()->owner().unschedule(*this);
  wake();
}

void wait_operation::run() noexcept {
  if (is_waiting())
    wake();
  else
    resume();
}

bool wait_operation::stop() noexcept {
  task()->owner().unschedule(*this);
  wake_stopped();
  return true;
}

}  // namespace hocket::detail
