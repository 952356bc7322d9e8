// Debug mode and instruments.
//
// Everything that the loop runs goes through `run` while a monitor is in use. A task says by `step_begins` that it is its step
// which runs: only then is it known, for many nodes wake a task without running it. The task is held until its step is over,
// so that one that ends can be told of.
//
// Time is the real clock's, not the loop's: a virtual clock stands still while a callback runs.

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include <hocket/base/demangled.hpp>
#include <hocket/base/error.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/loop/monitor.hpp>

namespace hocket::detail {

void monitor::remove(instrument& removed) noexcept {
  std::ranges::replace(instruments_, &removed, nullptr);
  if (telling_ == 0) std::erase(instruments_, nullptr);
}

bool monitor::is_needed() const noexcept {
  return debug_ || at_rest_ || watchdog_ != nullptr ||
         std::ranges::any_of(instruments_, [](const instrument* each) { return each != nullptr; });
}

void monitor::report_removed(std::exception_ptr error) noexcept {
  try {
    loop_.call_exception_handler({.message = "an instrument threw and was removed", .exception = std::move(error)});
  } catch (...) {
    std::fputs("hocket: an instrument threw and was removed, and memory is lacking to tell more\n", stderr);
  }
}

// A hook may add and remove instruments.
template <class Hook>
void monitor::tell(Hook hook) noexcept {
  if (instruments_.empty()) return;
  ++telling_;
  for (std::size_t n = 0; n < instruments_.size(); ++n) {
    if (instruments_[n] == nullptr) continue;
    try {
      hook(*instruments_[n]);
    } catch (...) {
      loop_.remove_instrument(*instruments_[n]);
      report_removed(std::current_exception());
    }
  }
  if (--telling_ == 0) std::erase(instruments_, nullptr);
}

void monitor::task_created(task_base& task) noexcept {
  tell([&](instrument& each) { each.task_created(task); });
}

void monitor::task_ended(task_base& task) noexcept {
  tell([&](instrument& each) { each.task_ended(task); });
}

void monitor::scheduled(ready_node& node) noexcept {
  if (instruments_.empty()) return;
  if (task_base* const task = node.wakes()) tell([&](instrument& each) { each.task_scheduled(*task); });
}

void monitor::all_scheduled(ready_queue& nodes) noexcept {
  if (!instruments_.empty()) nodes.for_each([this](ready_node& each) { scheduled(each); });
}

io_event monitor::event_of(const io_request& request) const noexcept {
  return {.id = &request,
          .operation = name_of(request.op),
          .descriptor = request.target != nullptr ? request.target->number() : -1,
          .result = request.result,
          .task = request.done != nullptr ? request.done->wakes() : nullptr};
}

void monitor::operation_submitted(const io_request& request) noexcept {
  if (instruments_.empty()) return;
  const io_event event = event_of(request);
  tell([&](instrument& each) { each.operation_submitted(event); });
}

void monitor::operation_completed(const io_request& request) noexcept {
  if (instruments_.empty()) return;
  const io_event event = event_of(request);
  tell([&](instrument& each) { each.operation_completed(event); });
}

void monitor::before_io_wait(std::optional<std::chrono::nanoseconds> limit) noexcept {
  if (watchdog_ != nullptr) watchdog_->rests();
  tell([&](instrument& each) { each.before_io_wait(limit); });
}

void monitor::after_io_wait(std::optional<std::chrono::nanoseconds> limit) noexcept {
  tell([&](instrument& each) { each.after_io_wait(limit); });
}

bool monitor::is_elsewhere() const noexcept {
  const thread_context* const home = loop_.runs_on();
  return debug_ && home != nullptr && home != &here;
}

void monitor::refuse_thread(const char* what) {
  throw invalid_state_error(fmt::format("{} on another thread than the loop's: use loop::call_soon_threadsafe", what));
}

void monitor::require_own_thread(const char* what) const {
  if (is_elsewhere()) refuse_thread(what);
  if (at_rest_) wake_from_rest();
}

void monitor::insist_on_own_thread(const char* what) const noexcept {
  if (!is_elsewhere()) {
    if (at_rest_) wake_from_rest();
    return;
  }
  std::fprintf(stderr, "hocket: %s on another thread than the loop's: use loop::call_soon_threadsafe\n", what);
  std::abort();
}

void monitor::set_at_rest(bool on) noexcept {
  at_rest_ = on;
  if (on && watchdog_ != nullptr) watchdog_->rests();
}

void monitor::choose_watchdog() noexcept {
  const duration wanted = loop_.runs_on() == &here ? loop_.watchdog() : duration::zero();
  if (wanted == watched_limit_) return;
  watched_limit_ = wanted;
  watchdog_.reset();
  if (wanted == duration::zero()) return;
  try {
    watchdog_ = std::make_unique<watchdog>(wanted, stalls_);
  } catch (...) {
    std::fputs("hocket: there is no thread to be had that would watch the loop\n", stderr);
  }
}

void monitor::wake_from_rest() const noexcept {
  at_rest_ = false;
  loop_.io().wake();
}

void monitor::run(ready_node& node) noexcept {
  const step outer = std::exchange(step_, {.kind = &typeid(node)});
  if (watchdog_ != nullptr) watchdog_->turns(loop_.counters().turns);
  const bool is_timed = debug_ || !instruments_.empty();
  const auto began = is_timed ? real_clock::now() : real_clock::time_point();
  node.run();
  const auto took = is_timed ? real_clock::now() - began : real_clock::duration();
  const step ended = std::exchange(step_, outer);
  step_.elsewhere += took;
  step_ends(ended, took - ended.elsewhere);
}

void monitor::step_begins(loop_task& task, const await_places& from) noexcept {
  task.hold();
  step_.task = &task;
  step_.from = from;
  tell([&](instrument& each) { each.before_task_step(task.self()); });
}

void monitor::step_ends(const step& ended, real_clock::duration took) noexcept {
  if (ended.task != nullptr) tell([&](instrument& each) { each.after_task_step(ended.task->self()); });
  if (debug_ && took >= loop_.slow_callback_duration()) report_slow(ended, took);
  if (ended.task == nullptr) return;
  ended.task->count_time(took);
  ended.task->let_go();
}

void monitor::report_slow(const step& slow, real_clock::duration took) noexcept {
  try {
    const double seconds = std::chrono::duration<double>(took).count();
    exception_context report{.message =
                                 fmt::format("a callback kept the loop for {:.3f} s, use to_thread for what blocks: {}",
                                             seconds, demangled(*slow.kind))};
    if (slow.task != nullptr) report = slow.task->slow_step_report(seconds, slow.from[0]);
    loop_.call_exception_handler(report);
  } catch (...) {
    std::fputs("hocket: a callback kept the loop\n", stderr);
  }
}

void monitor::never_awaited(const std::source_location& created) noexcept {
  if (!debug_ || dropping_ > 0) return;
  try {
    loop_.call_exception_handler(
        {.message = fmt::format("a coroutine was dropped and never ran, co_await it or give it "
                                "to create_task: {}",
                                created.function_name()),
         .where = created});
  } catch (...) {
    std::fputs("hocket: a coroutine was dropped and never ran\n", stderr);
  }
}

}  // namespace hocket::detail
