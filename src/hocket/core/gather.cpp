// A gather stands with one watcher among the waiters of each child. The last end (or, of tasks, the first error) wakes the
// gathering task one turn later, as asyncio's does. Children that ended with an error which nobody will throw count as
// looked at: asyncio consumes these too.

#include <new>

#include <hocket/core/gather.hpp>

namespace hocket::detail {

gather_operation::gather_operation(std::size_t capacity, until when)
    : watchers_(static_cast<watcher*>(::operator new(capacity * sizeof(watcher)))), capacity_(capacity), until_(when) {}

gather_operation::~gather_operation() {
  std::destroy_n(watchers_, count_);
  ::operator delete(watchers_, capacity_ * sizeof(watcher));
}

void gather_operation::add(task_base& child) {
  watcher& added = *std::construct_at(watchers_ + count_, *this, child);
  ++count_;
  ++left_;
  if (child.done())
    child_ended(child);
  else
    child.add_waiter(added);
}

void gather_operation::child_ended(task_base& child) noexcept {
  --left_;
  if ((child.failed() || child.was_cancelled()) && first_error_ == nullptr) first_error_ = &child;
  if (has_enough() && is_waiting()) wake();
}

void gather_operation::await_resume() {
  for (std::size_t n = 0; n < count_; ++n) watchers_[n].child().mark_retrieved();
  if (passed_on_) task()->throw_cancelled();
  resumed();
}

bool gather_operation::stop() noexcept {
  if (passed_on_) return false;
  for (std::size_t n = 0; n < count_; ++n) passed_on_ |= watchers_[n].child().cancel();
  return passed_on_;
}

void throw_first_error(const gather_operation& wait) {
  task_base* const child = wait.first_error();
  if (child == nullptr) return;
  if (child->was_cancelled()) throw cancelled{};
  std::rethrow_exception(child->error());
}

}  // namespace hocket::detail
