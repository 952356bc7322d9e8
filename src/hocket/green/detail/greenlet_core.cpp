// A switch goes by way of the main, whose loop knows whom to run next: so no stack ever stands upon another.

#include <hocket/green/detail/greenlet_core.hpp>

namespace hocket::green::detail {
namespace {

struct of_thread {
  greenlet_core main;
  greenlet_core* current = &main;
  greenlet_core* next = nullptr;
  greenlet_core::passage passing;
};

of_thread& here() noexcept {
  thread_local of_thread mine;
  return mine;
}

/// It waits for nothing that a loop knows of.
class resting_place final : public parking {
 public:
  resting_place() noexcept : parking([](parking&, std::coroutine_handle<> carrier) noexcept { return carrier; }) {}
};

}  // namespace

greenlet_core& greenlet_core::current() noexcept { return *here().current; }
greenlet_core& greenlet_core::main() noexcept { return here().main; }

greenlet_core::passage& greenlet_core::passing() noexcept { return here().passing; }

void greenlet_core::leave_to(greenlet_core& next) noexcept { here().next = &next; }

void greenlet_core::run() noexcept {
  of_thread& mine = here();
  greenlet_core* const self = mine.current;
  mine.next = this;
  if (self != &mine.main) {
    resting_place place;
    self->fiber_->park(place);
    return;
  }
  while (mine.next != &mine.main) {
    mine.current = mine.next;
    if (!mine.current->fiber_->resume()) mine.current->take_stack();
  }
  mine.current = &mine.main;
}

}  // namespace hocket::green::detail
