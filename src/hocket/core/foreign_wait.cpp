#include <hocket/core/foreign_wait.hpp>

namespace hocket::detail {

bell foreign_operation::ring(foreign_operation& told) {
  told.rung();
  co_return;
}

std::coroutine_handle<> foreign_operation::begin(std::coroutine_handle<> waiter) {
  if (task_base::current() == nullptr) return waiter;
  const auto rings = ring(*this).handle();
  rings.promise().set_parent(waiter);
  rings.promise().note_place(frame_base::of(waiter).place());
  suspend(waiter);
  return rings;
}

void foreign_operation::take_back(std::coroutine_handle<> rings) noexcept {
  if (task() == nullptr) return;
  rings.destroy();
  forget_waiting();
  task()->wait_for_nothing();
}

void foreign_operation::rung() noexcept {
  if (left_behind_.load(std::memory_order_acquire)) return;
  loop& owner = task()->owner();
  if (detail::here.running == &owner)
    wake();
  else
    owner.post(*this);
}

}  // namespace hocket::detail
