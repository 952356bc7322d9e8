// Each target has an item, which stands among the target's waiters and, once that has ended, in the line of what arrived, or
// goes straight to the first who waits. `claims_` tells a latecomer that nothing will be left for it.

#include <hocket/base/process_table.hpp>
#include <hocket/core/as_completed.hpp>

namespace hocket::detail {

// The first in line goes on: from the link of that one, which is no longer the beginning of the operation.
template <>
struct process_layout<completion_line> {
  static constexpr shown_types<1> types{{
      {&typeid(completion_line::item),
       shown_type::meaning::wakes,
       {offsetof(completion_line::item, owner), offsetof(completion_line, waiters_),
        offsetof(operation, task_) - offsetof(ready_node, next)}},
  }};
};
HOCKET_SHOW(shown_types<1>, hocket_shows_as_completed) = process_layout<completion_line>::types;
HOCKET_NOTE(2, hocket_shows_as_completed);

completion_line::completion_line(const std::vector<future_base*>& targets, const as_completed_options& options)
    : loop_(loop::running()), items_(targets.size()), left_(targets.size()) {
  for (const future_base* each : targets) each->require_running_loop();
  if (options.timeout && !targets.empty()) loop_.schedule_at(alarm_, loop_.time_after(*options.timeout));
  for (std::size_t n = 0; n < targets.size(); ++n) {
    items_[n].owner = this;
    items_[n].index = n;
    targets[n]->add_waiter(items_[n]);
  }
}

completion_line::~completion_line() {
  HOCKET_ASSERT(claims_ == 0, "an as_completed was destroyed while tasks waited for it");
  loop_.unschedule(alarm_);
}

void completion_line::hand_out(item& arrived) noexcept {
  if (waiters_.empty()) return arrived_.push_back(arrived);
  auto& first = static_cast<next_operation&>(waiters_.pop_front());
  first.item_ = &arrived;
  first.wake();
}

void completion_line::give_back(item& unused) noexcept {
  if (waiters_.empty())
    arrived_.push_front(unused);
  else
    hand_out(unused);
}

void completion_line::expire() noexcept {
  for (item& each : items_) {
    if (each.arrived) continue;
    each.unlink();
    each.arrived = each.timed_out = true;
    hand_out(each);
  }
}

bool completion_line::next_operation::await_ready() noexcept {
  if (owner_.left_ == owner_.claims_) return true;
  if (owner_.arrived_.empty()) return false;
  item_ = &static_cast<item&>(owner_.arrived_.pop_front());
  --owner_.left_;
  return true;
}

void completion_line::next_operation::await_suspend(std::coroutine_handle<> waiter) {
  prepare(waiter);
  ++owner_.claims_;
  owner_.waiters_.push_back(*this);
  begin_waiting();
}

bool completion_line::next_operation::stop() noexcept {
  unlink();
  --owner_.claims_;
  wake_stopped();
  return true;
}

std::optional<std::size_t> completion_line::next_operation::next() {
  if (task() != nullptr && !was_stopped()) {
    --owner_.claims_;
    if (task()->must_throw())
      owner_.give_back(*item_);
    else
      --owner_.left_;
  }
  resumed();
  if (item_ == nullptr) return std::nullopt;
  if (item_->timed_out) throw timeout_error{};
  return item_->index;
}

}  // namespace hocket::detail
