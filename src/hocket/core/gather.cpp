// Two ways to gather.
//
// Tasks run already: a gather stands with one watcher among the waiters of each. Coroutines are begun by it, in one go, and
// only those that have to wait get a place in memory and a watcher. Either way the last end (or, of tasks, the first error)
// wakes the gathering task one turn after the turn in which it is heard of, as asyncio's does. Children that ended with an
// error which nobody will throw count as looked at: asyncio consumes these too.

#include <algorithm>
#include <new>
#include <numeric>
#include <vector>

#include <hocket/base/process_table.hpp>
#include <hocket/core/gather.hpp>

namespace hocket::detail {

template <>
struct process_layout<gather_of_tasks> {
  static constexpr shown_types<4> types{{
      {&typeid(gather_of_tasks), shown_type::meaning::gathers, {offsetof(gather_of_tasks, left_)}},
      {&typeid(gather_of_tasks::watcher),
       shown_type::meaning::wakes,
       {offsetof(gather_of_tasks::watcher, owner_), offsetof(operation, task_)}},
      {&typeid(gather_of_coroutines), shown_type::meaning::gathers, {offsetof(gather_of_coroutines, left_)}},
      {&typeid(gather_of_coroutines::watcher),
       shown_type::meaning::wakes,
       {offsetof(gather_of_coroutines::watcher, owner_), offsetof(operation, task_)}},
  }};
};
HOCKET_SHOW(shown_types<4>, hocket_shows_gather) = process_layout<gather_of_tasks>::types;
HOCKET_NOTE(2, hocket_shows_gather);

gather_of_tasks::gather_of_tasks(std::size_t capacity)
    : watchers_(static_cast<watcher*>(::operator new(capacity * sizeof(watcher)))), capacity_(capacity) {}

gather_of_tasks::~gather_of_tasks() {
  std::destroy_n(watchers_, count_);
  ::operator delete(watchers_, capacity_ * sizeof(watcher));
}

void gather_of_tasks::add(future_base& child) {
  child.require_running_loop();
  watcher& added = *std::construct_at(watchers_ + count_, *this, child);
  ++count_;
  ++left_;
  if (child.done())
    child_ended(child);
  else
    child.add_waiter(added);
}

void gather_of_tasks::child_ended(future_base& child) noexcept {
  --left_;
  if ((child.failed() || child.was_cancelled()) && first_error_ == nullptr) first_error_ = &child;
  if (has_enough() && is_waiting()) wake();
}

void gather_of_tasks::ended() {
  for (std::size_t n = 0; n < count_; ++n) watchers_[n].child().mark_retrieved();
  if (passed_on_) task()->throw_cancelled();
  resumed();
}

bool gather_of_tasks::stop() noexcept {
  if (passed_on_) return false;
  for (std::size_t n = 0; n < count_; ++n) passed_on_ |= watchers_[n].child().cancel();
  return passed_on_;
}

void gather_of_tasks::throw_first_error() const {
  if (first_error_ == nullptr) return;
  if (first_error_->was_cancelled()) throw cancelled{};
  std::rethrow_exception(first_error_->error());
}

void gather_of_coroutines::begin_and_wait(std::coroutine_handle<> waiter) {
  prepare(waiter);
  task()->owner().schedule(starter_);
  begin_waiting();
}

// Where the loop draws the order of what is ready, the children are no exception.
bool gather_of_coroutines::begin_in_any_order() noexcept {
  loop& owner = task()->owner();
  if (!owner.shuffles()) return false;
  std::vector<std::size_t> order;
  try {
    order.resize(left_);
  } catch (const std::bad_alloc&) {
    return false;
  }
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), owner.random());
  for (const std::size_t place : order) begin_nth(place);
  return true;
}

void gather_of_coroutines::begin_all() noexcept {
  const std::size_t count = left_;
  if (!begin_in_any_order())
    for (std::size_t place = 0; place < count; ++place) begin_nth(place);
  forget_works();
}

void gather_of_coroutines::run_starter() noexcept {
  if (begun_) return children_ended(ended_at_once_);
  begin_all();
  begun_ = true;
  if (ended_at_once_ > 0) task()->owner().schedule(starter_);
}

void gather_of_coroutines::children_ended(std::size_t count) noexcept {
  left_ -= count;
  if (left_ == 0) wake();
}

void gather_of_coroutines::ended() {
  if (task() == nullptr) return;
  if (passed_on_) task()->throw_cancelled();
  resumed();
}

bool gather_of_coroutines::stop() noexcept {
  if (passed_on_) return false;
  passed_on_ = !begun_;
  waiting_.for_each([this](watcher& each) { passed_on_ |= each.watched().cancel(); });
  return passed_on_;
}

}  // namespace hocket::detail
