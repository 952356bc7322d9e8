// A run in small pieces. Each `run_ready` runs some turns, looks whether the main task has ended, and then goes to rest: whatever the
// kernel is to be told is handed over, the timer is set to when the loop's next one is due, and from there until the next
// `run_ready` whoever brings something wakes the backend, whose descriptor the host polls (`loop::rest`).
//
// The end of a run is the same as that of a `runner`, step by step: cancel all and wait for one, until there are none; close the
// generators; wait for the pool. It is looked at after each `run_ready`; what is left for `runner::close` waits for nothing.

#include <chrono>

#include <hocket/base/assert.hpp>
#include <hocket/core/guest_run.hpp>

namespace hocket {

static constexpr unsigned most_turns = 64;
static constexpr auto longest_at_once = std::chrono::milliseconds(1);
static constexpr auto between_looks_at_the_pool = std::chrono::milliseconds(10);

static int poll_number_of(loop& made) {
  made.require_fit_for_guest();
  return made.io().poll_number();
}

guest_run::guest_run(run_options options) : runner_(std::move(options)), waker_(poll_number_of(runner_.get_loop())) {
  get_loop().begin_as_guest();
  get_loop().set_notification([this] { cancel(); });
  waker_.set(duration::zero(), get_loop().time());
}

guest_run::~guest_run() {
  if (is_done()) return;
  loop& left = get_loop();
  HOCKET_ASSERT(loop::running_or_null() != &left, "a guest_run was destroyed inside of its run_ready");
  alarm_.cancel();
  next_look_.cancel();
  left.set_notification({});
  left.end_as_guest();
  runner_.close();
}

void guest_run::run_ready() {
  if (is_done()) return;
  loop& on = get_loop();
  bool is_at_its_end = false;
  try {
    on.run_turns(most_turns, longest_at_once);
    is_at_its_end = has_ended();
  } catch (...) {
    static_cast<void>(on.rest());
    waker_.set(duration::zero(), on.time());  // what was ready may be so still
    throw;
  }
  if (is_at_its_end)
    finish();
  else
    waker_.set(on.rest(), on.time());
}

void guest_run::cancel() {
  if (main_) main_->cancel();
}

// Counterpart of runner::shut_down.
bool guest_run::has_ended() {
  loop& on = get_loop();
  if (phase_ == phase::running) {
    if (!main_->done() && !on.take_stop()) return false;
    begin_end();
  }
  static_cast<void>(on.take_stop());  // it ends already
  if (too_late_) return true;
  if (awaited_ && !awaited_->done()) return false;
  awaited_ = {};
  if (!on.tasks().empty()) {
    on.tasks().for_each([](loop_task& each) { static_cast<task_base&>(each).cancel_at_shutdown(); });
    awaited_ = any_task(static_cast<task_base*>(&on.tasks().front())).record();
    return false;
  }
  if (!on.generators().empty()) {
    const auto closing =
        detail::create_task_from_outside(on, detail::close_all_generators(on), {.name = "close generators"});
    awaited_ = closing.record();
    return false;
  }
  if (on.blocking().pending() == 0) return true;
  next_look_.cancel();
  next_look_ = on.call_later(between_looks_at_the_pool, [] {});
  return false;
}

void guest_run::begin_end() {
  loop& on = get_loop();
  alarm_ = on.call_later(runner_.options_.shutdown_timeout, [this] { too_late_ = true; });
  on.refuse_calls();
  phase_ = phase::ending;
}

void guest_run::finish() {
  loop& on = get_loop();
  alarm_.cancel();
  next_look_.cancel();
  on.set_notification({});
  on.end_as_guest();
  if (too_late_) runner_.options_.shutdown_timeout = duration::zero();
  runner_.close();
  phase_ = phase::done;
  awaited_ = {};
  main_ = {};
  auto done = std::move(done_);
  done();  // perhaps the end of this
}

}  // namespace hocket
