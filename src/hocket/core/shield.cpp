// The operation stands among the waiters of the inner one, and runs twice: when that has ended, and a turn later to resume.
// asyncio's shield is a future between the two, which costs it that turn.
//
// Who is cancelled while the inner one runs leaves an `error_report` there, unless somebody has left one before.

#include <cstdio>
#include <new>

#include <hocket/base/error.hpp>
#include <hocket/core/done_callback.hpp>
#include <hocket/core/shield.hpp>

namespace hocket::detail {
namespace {

class error_report final : public done_callback {
 public:
  using done_callback::done_callback;

  void run() noexcept override {
    const record_ref<future_base> inner = let_go();
    if (inner->failed()) report(*inner);
    release();
  }

 private:
  void report(future_base& inner) noexcept {
    try {
      const exception_context context{
          .message = inner.as_task() != nullptr ? "exception in shielded task" : "exception in shielded future",
          .exception = inner.error(),
          .where = inner.created()};
      loop::report(loop_, context);
    } catch (...) {
      std::fputs("hocket: exception in a shielded task or future, and memory is lacking to tell more\n", stderr);
    }
  }
};

void report_error_of(future_base& inner) noexcept {
  bool has_report = false;
  inner.waiters().for_each([&](ready_node& each) { has_report |= dynamic_cast<error_report*>(&each) != nullptr; });
  if (has_report) return;
  try {
    inner.add_done_callback(*new error_report(inner));
  } catch (const std::bad_alloc&) {  // then it is reported as any error that nobody looks at
  }
}

}  // namespace

void shield_wait::await_suspend(std::coroutine_handle<> waiter) {
  if (inner_ == task_base::current()) throw invalid_state_error("a task cannot await itself");
  inner_->require_running_loop();
  prepare(waiter);
  inner_->add_waiter(*this);
  begin_waiting();
}

void shield_wait::run() noexcept {
  if (is_waiting())
    wake();
  else
    resume();
}

bool shield_wait::stop() noexcept {
  unlink();
  if (!inner_->done()) report_error_of(*inner_);
  wake_stopped();
  return true;
}

}  // namespace hocket::detail
