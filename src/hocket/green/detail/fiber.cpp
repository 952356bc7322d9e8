// Switches are Boost.Context's, by the functions that boost::context::fiber is made of: that one would own the stack, and unwind it by an
// exception of its own. A switch hands over the address of the side that was left, and nothing else.

#include <cstring>

#include <boost/context/detail/fcontext.hpp>
#include <cxxabi.h>

#include <hocket/base/assert.hpp>
#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/detail/sanitizer_fiber.hpp>
#include <hocket/green/detail/stack_overflow.hpp>

namespace hocket::green::detail {
namespace {

thread_local fiber* running = nullptr;

}  // namespace

fiber* fiber::current() noexcept {
  const bool may_wait = running != nullptr && running->kind_ == kind::waits && !running->runs_own_code_ &&
                        running->task_ == task_base::current();
  return may_wait ? running : nullptr;
}

const fiber* fiber::on_stack() noexcept { return running; }

struct fiber::entry {
  [[noreturn]] static void enter(boost::context::detail::transfer_t from) {
    fiber& self = *static_cast<fiber*>(from.data);
    self.other_side_ = from.fctx;
    arrive_on_stack(nullptr, &self.carrier_stack_, &self.carrier_stack_size_);
    job& first = *std::exchange(self.next_, nullptr);
    first.run(first);
    self.parked_on_ = nullptr;
    self.switch_out(true);
    HOCKET_ASSERT(false, "a fiber was resumed after its end");
    __builtin_unreachable();
  }
};

fiber::fiber(stack memory, job& work, kind what) noexcept
    : memory_(std::move(memory)),
      kind_(what),
      next_(&work),
      thread_exceptions_(__cxxabiv1::__cxa_get_globals()),
      sanitizer_fiber_(make_sanitizer_fiber()) {
  watch_for_overflow();
  const auto usable = memory_.memory();
  other_side_ = boost::context::detail::make_fcontext(usable.data() + usable.size(), usable.size(), &entry::enter);
}

fiber::~fiber() {
  HOCKET_ASSERT(innermost_timeout_ == nullptr,
                "a green thread has ended with a time-out that it started and not closed");
  destroy_sanitizer_fiber(sanitizer_fiber_);
}

void fiber::swap_exceptions() noexcept {
  handled_exceptions now;
  std::memcpy(&now, thread_exceptions_, sizeof now);
  std::memcpy(thread_exceptions_, &exceptions_, sizeof now);
  exceptions_ = now;
}

bool fiber::resume() noexcept {
  const auto usable = memory_.memory();
  swap_exceptions();
  outer_ = std::exchange(running, this);
  task_ = task_base::current();
  void* carrier_kept = nullptr;
  carrier_fiber_ = current_sanitizer_fiber();
  leave_for_stack(&carrier_kept, usable.data(), usable.size());
  switch_sanitizer_fiber(sanitizer_fiber_);
  other_side_ = boost::context::detail::jump_fcontext(other_side_, this).fctx;
  arrive_on_stack(carrier_kept, nullptr, nullptr);
  running = outer_;
  swap_exceptions();
  return parked_on_ != nullptr;
}

bool fiber::begin_section(job& work) noexcept {
  next_ = &work;
  ++depth_;
  return resume();
}

void fiber::switch_out(bool for_good) noexcept {
  leave_for_stack(for_good ? nullptr : &sanitizer_stack_, carrier_stack_, carrier_stack_size_);
  switch_sanitizer_fiber(carrier_fiber_);
  other_side_ = boost::context::detail::jump_fcontext(other_side_, nullptr).fctx;
  arrive_on_stack(sanitizer_stack_, &carrier_stack_, &carrier_stack_size_);
}

void fiber::park(parking& on) noexcept {
  parked_on_ = &on;
  switch_out(false);
  while (next_ != nullptr) {
    job& section = *std::exchange(next_, nullptr);
    section.run(section);
    --depth_;
    parked_on_ = nullptr;
    switch_out(false);
  }
}

}  // namespace hocket::green::detail
