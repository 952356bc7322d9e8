#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

namespace detail {

/// What a coroutine on a loop and those who wait for it on other threads have in common.
template <class T>
class concurrent_state {
 public:
  explicit concurrent_state(loop& target) noexcept : loop_(&target) {}

  [[nodiscard]] std::future<T> get_future() { return promise_.get_future(); }
  [[nodiscard]] const loop* target() const noexcept { return loop_; }

  [[nodiscard]] bool ended() const {
    const std::lock_guard guard(mutex_);
    return ended_;
  }
  [[nodiscard]] bool was_cancelled() const {
    const std::lock_guard guard(mutex_);
    return cancelled_;
  }

  /// Ends it, unless it has: `set` gives the promise what it promised.
  template <class Set>
  bool end(Set set) {
    const std::lock_guard guard(mutex_);
    if (ended_) return false;
    set(promise_);
    ended_ = true;
    return true;
  }
  void end_with(std::exception_ptr error) {
    end([&](std::promise<T>& promise) {
      cancelled_ = is_cancelled(error);
      promise.set_exception(std::move(error));
    });
  }

  /// Ends it as cancelled and sends word to the loop, which lives at least until this has ended: hence within the lock.
  bool cancel(const std::shared_ptr<concurrent_state>& self) {
    return end([&](std::promise<T>& promise) {
      if (!loop_->is_closed())
        loop_->call_soon_threadsafe([self] {
          if (self->running_) self->running_.cancel();
        });
      cancelled_ = true;
      promise.set_exception(std::make_exception_ptr(cancelled{}));
    });
  }

  // ---- on the loop's thread

  void runs_as(task<T> made) { running_ = std::move(made); }

  /// Nobody will tell what becomes of it.
  void abandon() noexcept {
    running_ = {};
    try {
      throw invalid_state_error("the loop ended before the coroutine had ended");
    } catch (...) {  // that, or the lack of memory for it
      end_with(std::current_exception());
    }
  }

  void take_from_task() {
    const task<T> done = std::move(running_);
    running_ = {};
    if (ended()) return;  // cancelled, and nobody wants it: a failure is reported as any task's
    if (done.was_cancelled()) return end_with(std::make_exception_ptr(cancelled{}));
    if (done.record()->failed()) return end_with(done.exception());
    try {
      end([&](std::promise<T>& promise) {
        if constexpr (std::is_void_v<T>)
          promise.set_value();
        else
          promise.set_value(done.record()->result().take());
      });
    } catch (...) {
      end_with(std::current_exception());  // the value could not be moved
    }
  }

 private:
  mutable std::mutex mutex_;
  std::promise<T> promise_;
  bool ended_ = false;
  bool cancelled_ = false;
  loop* const loop_;
  task<T> running_;
};

/// The duty to end it: whoever drops this undone, the loop at its end, leaves an error. On the loop's thread.
template <class T>
class concurrent_duty {
 public:
  explicit concurrent_duty(std::shared_ptr<concurrent_state<T>> state) noexcept : state_(std::move(state)) {}
  concurrent_duty(const concurrent_duty&) = delete;
  ~concurrent_duty() {
    if (state_) state_->abandon();
  }
  [[nodiscard]] concurrent_state<T>& state() const noexcept { return *state_; }
  void done() noexcept { state_.reset(); }

 private:
  std::shared_ptr<concurrent_state<T>> state_;
};

/// Keeps the callable and its arguments as long as their coroutine runs.
template <class Function, class... Args>
coro<std::remove_cvref_t<await_result_t<std::invoke_result_t<Function&, Args...>>>> call_and_await(Function function,
                                                                                                   Args... args) {
  co_return co_await function(std::move(args)...);
}

}  // namespace detail

/// The result of a coroutine that runs on the loop of another thread. May be used and dropped on any thread, and outlive the
/// loop; one thread may wait while others ask and cancel. Dropping it changes nothing. Counterpart: concurrent.futures.Future.
template <class T = void>
class concurrent_future {
 public:
  explicit concurrent_future(std::shared_ptr<detail::concurrent_state<T>> state)
      : state_(std::move(state)), result_(state_->get_future()) {}

  /// Blocks the thread until it has ended, and gives the value away, once. Throws what the coroutine threw, `cancelled`, or
  /// `invalid_state_error` if the loop ended before it had, or if this thread is the one that is to run it.
  T result() {
    require_other_thread();
    return result_.get();
  }
  /// The same, for at most `limit` of real time; throws `timeout_error`, and the coroutine goes on.
  T result(delay limit) {
    require_other_thread();
    if (result_.wait_for(duration(limit)) == std::future_status::timeout) throw timeout_error{};
    return result_.get();
  }

  /// Ends it as cancelled, at once, and cancels the task, which may go on for a while; what comes of that is dropped.
  /// False if it has ended. Counterpart: Future.cancel.
  bool cancel() { return state_->cancel(state_); }
  [[nodiscard]] bool done() const { return state_->ended(); }
  [[nodiscard]] bool was_cancelled() const { return state_->was_cancelled(); }

 private:
  void require_other_thread() const {
    if (!done() && loop::running_or_null() == state_->target())
      throw invalid_state_error("a loop's thread would wait for what only it can run: co_await a task");
  }

  std::shared_ptr<detail::concurrent_state<T>> state_;
  std::future<T> result_;
};

/// From any thread: has `target` call `function(args...)` on its own thread and run the coroutine that this returns as a task.
///
/// The callable and its arguments are moved there and stay alive until the task has ended; they are destroyed on that thread.
/// The loop must exist while this is called; throws `invalid_state_error` if it is closed. That is also the result of a call
/// that it never comes to, and of a task that the end of `run`, which cancels it like any other, has to leave behind.
/// Counterpart: asyncio.run_coroutine_threadsafe.
template <class Function, class... Args>
  requires awaitable<std::invoke_result_t<Function&, Args...>>
[[nodiscard]] auto run_coroutine_threadsafe(loop& target, Function function, Args... args) {
  using value = std::remove_cvref_t<await_result_t<std::invoke_result_t<Function&, Args...>>>;
  auto state = std::make_shared<detail::concurrent_state<value>>(target);
  concurrent_future<value> handle(state);
  target.call_soon_threadsafe([duty = std::make_shared<detail::concurrent_duty<value>>(std::move(state)),
                               function = std::move(function), ... args = std::move(args)]() mutable {
    detail::concurrent_state<value>& state = duty->state();
    if (state.ended()) return;  // cancelled on its way
    task<value> made;
    try {
      made = create_task(detail::call_and_await<Function, Args...>(std::move(function), std::move(args)...));
      made.add_done_callback([duty] {
        duty->state().take_from_task();
        duty->done();
      });
    } catch (...) {
      if (made) made.cancel();
      state.end_with(std::current_exception());
      throw;
    }
    state.runs_as(std::move(made));
  });
  return handle;
}

}  // namespace hocket
