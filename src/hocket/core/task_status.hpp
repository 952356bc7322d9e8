#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

template <class T>
class task_status;

namespace detail {

/// Waits, for `task_group::start`, until the child has started or ended. Cancelled, it cancels the child and waits for its
/// end; the request stays pending until it is known what came of that.
class start_wait : public operation {
 public:
  start_wait() noexcept = default;
  start_wait(const start_wait&) = delete;

  void wait_for(hocket::task<void> child) noexcept { child_ = std::move(child); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  bool stop() noexcept override;

  // What the child tells, until it has started or ended; after that this may be gone.

  /// False once the starter has been cancelled: the child must end.
  [[nodiscard]] bool wants_start() const noexcept { return !passed_on_; }
  void started() noexcept;
  void failed(std::exception_ptr error) noexcept { error_ = std::move(error); }

 protected:
  /// Throws what came instead of a start, if none came.
  void require_started();

 private:
  hocket::task<void> child_;
  std::exception_ptr error_;
  bool started_ = false;
  bool passed_on_ = false;  // a cancellation, to the child
};

template <class T>
class start_operation final : public start_wait {
 public:
  // g++ 12 copies an awaiter that is an lvalue.
  struct by_reference {
    start_operation& wait;
    [[nodiscard]] bool await_ready() const noexcept { return wait.await_ready(); }
    void await_suspend(std::coroutine_handle<> waiter) { wait.await_suspend(waiter); }
    T await_resume() {
      wait.require_started();
      return wait.value.take();
    }
  };
  [[nodiscard]] by_reference operator co_await() noexcept { return {*this}; }

  result<T> value;
};

template <class T, class Function, class... Arguments>
coro<void> run_started(start_operation<T>& starter, Function function, Arguments... arguments);

}  // namespace detail

/// What a child that was started with `task_group::start` tells its starter with. Lives as long as the child.
/// Counterpart: trio.TaskStatus.
template <class T = void>
class task_status {
 public:
  task_status(const task_status&) = delete;
  task_status& operator=(const task_status&) = delete;

  /// The child is ready: `start` gives `value` (nothing for void) to its caller, and from here on this is a child like any
  /// other. No effect if the starter has been cancelled: then the child has been as well, and the starter waits for its end.
  /// Throws `invalid_state_error` the second time.
  template <class... Value>
    requires(sizeof...(Value) == (std::is_void_v<T> ? 0 : 1))
  void started(Value&&... value) {
    if (called_) throw invalid_state_error("the child has said already that it has started");
    if (starter_->wants_start()) {
      starter_->value.set_value(std::forward<Value>(value)...);
      std::exchange(starter_, nullptr)->started();
    }
    called_ = true;
  }

 private:
  template <class Status, class Function, class... Arguments>
  friend coro<void> detail::run_started(detail::start_operation<Status>& starter, Function function,
                                        Arguments... arguments);

  explicit task_status(detail::start_operation<T>& starter) noexcept : starter_(&starter) {}

  detail::start_operation<T>* starter_;  // null once the child has started
  bool called_ = false;
};

namespace detail {

/// The child: an error before its start goes to the starter, one after it to the group.
template <class T, class Function, class... Arguments>
coro<void> run_started(start_operation<T>& starter, Function function, Arguments... arguments) {
  task_status<T> status(starter);
  try {
    static_cast<void>(co_await function(status, std::move(arguments)...));
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    if (status.starter_ == nullptr) throw;
    status.starter_->failed(std::current_exception());
  }
}

}  // namespace detail
}  // namespace hocket
