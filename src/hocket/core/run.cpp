// Running a program on a loop, and ending it.

#include <cstdio>
#include <new>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/detail/sigint_guard.hpp>
#include <hocket/core/run.hpp>

namespace hocket {
namespace {

/// A signal cancels what the loop runs as its main task.
class loop_to_interrupt final : public detail::sigint_target {
 public:
  explicit loop_to_interrupt(loop& target) noexcept : loop_(target) {}
  void interrupted() noexcept override { loop_.notify(); }

 private:
  loop& loop_;
};

/// Stops the loop when what it waits for has ended.
class stopper final : public ready_node {
 public:
  explicit stopper(loop& target) noexcept : loop_(target) {}
  ~stopper() {
    if (is_linked()) unlink();
  }
  void run() noexcept override { loop_.stop(); }

 private:
  loop& loop_;
};

void run_until_done(loop& on, future_base& target) {
  stopper stop(on);
  target.add_waiter(stop);
  on.run_forever();
}

}  // namespace

detail::entered_loop::entered_loop(loop& on) : before_(here) {
  if (here.running != nullptr) throw invalid_state_error("this thread is running an event loop already");
  if (on.is_closed()) throw invalid_state_error("the event loop is closed");
  here = {.running = &on, .variables = &inside_, .observer = before_.observer};
}

void detail::run_until_ended(loop& on, task_base& work) {
  run_until_done(on, work);
  if (!work.done()) throw invalid_state_error("the loop was stopped before its task had ended");
}

static std::unique_ptr<loop> make_loop(const run_options& options) {
  // Here already, for the destructor of a runner runs the loop.
  if (loop::running_or_null() != nullptr) throw invalid_state_error("this thread is running an event loop already");
  if (options.loop_factory) {
    auto made = options.loop_factory();
    if (made == nullptr) throw invalid_state_error("the loop factory gave no loop");
    return made;
  }
  return std::make_unique<loop>(loop_options{.backend = options.backend,
                                             .make_backend = options.make_backend,
                                             .clock = options.clock,
                                             .debug = options.debug,
                                             .watchdog = options.watchdog,
                                             .seed = options.seed,
                                             .shuffle = options.shuffle});
}

runner::runner(run_options options) : options_(std::move(options)), loop_(make_loop(options_)) {
  if (options_.debug) loop_->set_debug(true);
  if (options_.watchdog) loop_->set_watchdog(*options_.watchdog);
}

loop& runner::get_loop() const {
  if (closed_) throw invalid_state_error("the runner is closed");
  return *loop_;
}

void runner::run_main(task_base& main) {
  loop_to_interrupt interrupted(*loop_);
  const detail::sigint_guard guard(options_.handle_sigint ? &interrupted : nullptr);
  struct notification {
    loop& on;
    ~notification() { on.set_notification({}); }
  } until_the_end{*loop_};
  loop_->set_notification([&main] { main.cancel(); });
  run_until_done(*loop_, main);
  if (!main.done()) throw invalid_state_error("the loop was stopped before the main task had ended");
  context_ = main.context();
  interrupted_ = guard.interrupted() && main.was_cancelled();
}

void runner::close() noexcept {
  if (std::exchange(closed_, true)) return;
  bool clean = false;
  try {
    clean = loop_->is_closed() || shut_down();
  } catch (...) {  // the backend failed
    loop_->call_exception_handler({.message = "shutdown failed", .exception = std::current_exception()});
  }
  if (clean)
    loop_->close();
  else
    static_cast<void>(loop_.release());  // what was left behind refers to it
  if (interrupted_) {
    std::fflush(nullptr);
    detail::end_by_sigint();
  }
}

bool runner::shut_down() {
  loop_->refuse_calls();
  bool too_late = false;
  const time_point limit = loop_->time_after(options_.shutdown_timeout);
  handle alarm;
  try {
    alarm = loop_->call_at(limit, [&] {
      too_late = true;
      loop_->stop();
    });
  } catch (const std::bad_alloc&) {  // then without a limit
  }
  do {
    cancel_all_tasks(too_late);
    close_generators(too_late);
    if (too_late || !loop_->blocking().finish(limit - loop_->time())) break;
    loop_->stop();
    loop_->run_forever();  // one turn: what the pool's jobs posted, and what tasks that ended last scheduled
  } while (!(loop_->tasks().empty() && loop_->generators().empty()) && !too_late);
  alarm.cancel();
  if (loop_->tasks().empty() && loop_->blocking().pending() == 0) return true;
  report_what_is_left();
  loop_->leave_behind();
  return false;
}

void runner::cancel_all_tasks(const bool& too_late) {
  while (!loop_->tasks().empty() && !too_late) {
    loop_->tasks().for_each([](loop_task& each) { static_cast<task_base&>(each).cancel_at_shutdown(); });
    run_until_done(*loop_, static_cast<task_base&>(loop_->tasks().front()));
  }
}

// The one that began first goes first: it may have others as arguments, and closes them itself.
coro<void> detail::close_all_generators(loop& on) {
  while (!on.generators().empty()) {
    auto& generator = static_cast<async_generator_frame&>(on.generators().front());
    const std::source_location created = generator.place();
    try {
      co_await detail::close_step(&generator);
    } catch (...) {
      on.call_exception_handler({.message = "an async generator failed while it was closed at the end of run",
                                 .exception = std::current_exception(),
                                 .where = created});
      if (!on.generators().empty() && &on.generators().front() == &generator) on.generators().pop_front();
    }
  }
}

void runner::close_generators(const bool& too_late) {
  if (loop_->generators().empty() || too_late) return;
  const auto closing =
      detail::create_task_from_outside(*loop_, detail::close_all_generators(*loop_), {.name = "close generators"});
  run_until_done(*loop_, *closing.record());
}

void runner::report_what_is_left() noexcept {
  try {
    loop_->tasks().for_each([this](loop_task& each) {
      exception_context report = each.pending_report();
      report.message = "did not end in time after it was cancelled, left behind: " + report.message;
      loop_->call_exception_handler(report);
    });
    if (const std::size_t calls = loop_->blocking().pending(); calls > 0)
      loop_->call_exception_handler({.message = std::to_string(calls) + (calls == 1 ? " call" : " calls") +
                                                " on the blocking pool did not end in time"});
  } catch (...) {
    std::fputs("hocket: not everything ended in time\n", stderr);
  }
}

}  // namespace hocket
