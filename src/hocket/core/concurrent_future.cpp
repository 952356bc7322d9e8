// Futures between threads.
//
// A mutex and a condition variable, for threads that block; and a line of operations, each a task of some loop, that are posted
// to those loops when the result is there. They are posted under the lock, and a task takes it once before it goes on: so
// `post`, which touches the loop twice, has returned before that task can go on and end the loop.
//
// The hook of `cancel` runs under the lock as well, for the same reason: as long as nothing has ended, what it leaves word with
// is still there. Callbacks run outside of it and may do anything.

#include <chrono>
#include <cstdio>

#include <hocket/core/concurrent_future.hpp>

namespace hocket::detail {

void concurrent_base::require_other_thread() const {
  if (bringer_ == std::this_thread::get_id())
    throw invalid_state_error("a callback would wait for what only its own thread can bring: let another thread wait");
  if (target_ != nullptr && target_->runs_on() == &here)  // also between two calls of a guest's host
    throw invalid_state_error("a loop's thread would wait for what only it can run: co_await it");
}

concurrent_base::state concurrent_base::wait() const {
  std::unique_lock guard(mutex_);
  if (!is_end(state_)) require_other_thread();
  changed_.wait(guard, [this] { return is_end(state_); });
  return state_;
}

concurrent_base::state concurrent_base::wait(duration limit) const {
  if (limit >= std::chrono::hours(24 * 365)) return wait();  // too long for a deadline
  std::unique_lock guard(mutex_);
  if (!is_end(state_)) require_other_thread();
  if (!changed_.wait_for(guard, limit, [this] { return is_end(state_); })) throw timeout_error{};
  return state_;
}

void concurrent_base::require_value(state ended) const {
  if (ended == state::cancelled) throw cancelled{};
  if (ended == state::failed) std::rethrow_exception(error_);
}

void concurrent_base::give_away_once() {
  const std::lock_guard guard(mutex_);
  if (given_away_) throw invalid_state_error("the result was given away already, and cannot be copied");
  given_away_ = true;
}

bool concurrent_base::cancel() {
  std::move_only_function<void()> unused;
  callbacks ready;
  {
    const std::lock_guard guard(mutex_);
    if (state_ != state::pending) return false;
    if (on_cancel_) on_cancel_();
    if (ends_by_itself_) return true;
    unused = std::move(on_cancel_);
    ready = end_locked(state::cancelled);
  }
  call(std::move(ready));
  return true;
}

bool concurrent_base::set_running() {
  const std::lock_guard guard(mutex_);
  if (state_ == state::cancelled) return false;
  if (state_ != state::pending) throw invalid_state_error("the work for a concurrent future had begun already");
  state_ = state::running;
  return true;
}

bool concurrent_base::awaits_end() const {
  const std::lock_guard guard(mutex_);
  if (state_ == state::finished || state_ == state::failed)
    throw invalid_state_error("the concurrent future has a result already");
  return state_ != state::cancelled;
}

bool concurrent_base::end(state how, std::exception_ptr error) {
  if (!awaits_end()) return false;
  std::move_only_function<void()> unused;
  callbacks ready;
  {
    const std::lock_guard guard(mutex_);
    if (state_ == state::cancelled) return false;
    error_ = std::move(error);
    unused = std::move(on_cancel_);
    ready = end_locked(how);
  }
  call(std::move(ready));
  return true;
}

void concurrent_base::end_in_error(const char* message) noexcept {
  if (ended()) return;
  try {
    throw invalid_state_error(message);
  } catch (...) {  // that, or the lack of memory for it
    end(state::failed, std::current_exception());
  }
}

concurrent_base::callbacks concurrent_base::end_locked(state how) noexcept {
  state_ = how;
  changed_.notify_all();
  while (!waiters_.empty()) {
    auto& waiting = static_cast<operation&>(waiters_.pop_front());
    waiting.wakes()->owner().post(waiting);
  }
  return std::move(callbacks_);
}

void concurrent_base::call_when_ended(std::move_only_function<void()> function) {
  callbacks at_once;
  {
    const std::lock_guard guard(mutex_);
    (is_end(state_) ? at_once : callbacks_).push_back(std::move(function));
  }
  call(std::move(at_once));
}

void concurrent_base::call(callbacks functions) noexcept {
  for (auto& each : functions) {
    try {
      each();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "hocket: a done callback of a concurrent future threw: %s\n", error.what());
    } catch (...) {
      std::fputs("hocket: a done callback of a concurrent future threw\n", stderr);
    }
  }
}

void concurrent_base::on_cancel(std::move_only_function<void()> function) {
  const std::lock_guard guard(mutex_);
  on_cancel_ = std::move(function);
}

bool concurrent_base::line_up(operation& waiting) {
  const std::lock_guard guard(mutex_);
  if (is_end(state_)) return false;
  waiters_.push_back(waiting);
  return true;
}

bool concurrent_base::leave(operation& waiting) noexcept {
  const std::lock_guard guard(mutex_);
  if (is_end(state_)) return false;
  waiting.unlink();
  return true;
}

void concurrent_wait::await_suspend(std::coroutine_handle<> waiter) {
  prepare(waiter);
  if (!shared_->line_up(*this)) task()->owner().schedule(*this);
  begin_waiting();
}

bool concurrent_wait::stop() noexcept {
  if (shared_->is_waited_for()) return ask_to_end();
  if (!shared_->leave(*this)) return false;  // the result is on its way to here
  try {
    shared_->cancel();
  } catch (...) {  // its hook found no memory to leave word: then it goes on, and nobody waits for it
  }
  wake_stopped();
  return true;
}

// The request stays pending: it may come too late. If the work ends as cancelled, `waited` takes it.
bool concurrent_wait::ask_to_end() noexcept {
  try {
    shared_->cancel();
  } catch (...) {  // its hook found no memory to leave word: then the work goes on, and is waited for
  }
  return false;
}

void concurrent_wait::waited() {
  if (was_stopped()) resumed();
  const concurrent_base::state ended = shared_->now();
  if (ended == concurrent_base::state::cancelled && task() != nullptr) task()->take();
  shared_->require_value(ended);
}

}  // namespace hocket::detail
