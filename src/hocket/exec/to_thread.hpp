#pragma once

#include <atomic>
#include <concepts>
#include <type_traits>
#include <utility>

#include <hocket/base/result.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

namespace detail {

/// A thread has no loop: what it would make of a coroutine function is a coroutine that nobody runs.
template <class Function, class... Args>
constexpr void require_plain_function() {
  static_assert(!is_coro<std::remove_cvref_t<std::invoke_result_t<Function&, Args...>>>,
                "a coroutine runs on a loop, not on a thread: see hocket::portal");
}

/// Runs a function on a pool of threads, the loop's if none is given, and waits for it.
template <class Function>
class to_thread_operation final : public operation, private blocking_job {
  using value = std::invoke_result_t<Function&>;

 public:
  explicit to_thread_operation(Function function, blocking_pool* pool = nullptr)
      : function_(std::move(function)), pool_(pool) {}
  to_thread_operation(to_thread_operation&& other) noexcept(std::is_nothrow_move_constructible_v<Function>)
      : operation(static_cast<operation&&>(other)), function_(std::move(other.function_)), pool_(other.pool_) {}

  [[nodiscard]] bool await_ready() { return refuse_if_cancelled(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    inside_ = context::current().detached();  // first, for it may throw
    prepare(waiter);
    if (pool_ != nullptr) owner().begin_foreign_work();
    try {
      pool().submit(*this);
    } catch (...) {
      if (pool_ != nullptr) owner().end_foreign_work();
      forget_waiting();
      throw;
    }
    begin_waiting();
  }
  value await_resume() {
    if (was_stopped()) resumed();
    return outcome_.take();
  }

  bool stop() noexcept override {
    if (ended_.load(std::memory_order_acquire)) return false;  // and the pool may be gone
    if (!pool().withdraw(*this)) return false;                 // it runs: the frame that it may refer to must wait
    if (pool_ != nullptr) owner().end_foreign_work();
    wake_stopped();
    return true;
  }

 private:
  [[nodiscard]] loop& owner() const noexcept { return task()->owner(); }
  [[nodiscard]] blocking_pool& pool() const noexcept { return pool_ != nullptr ? *pool_ : owner().blocking(); }

  void work() noexcept override {
    try {
      if constexpr (std::is_void_v<value>)
        inside_.run(function_);
      else
        outcome_.set_value(inside_.run(function_));
    } catch (...) {
      outcome_.set_error(std::current_exception());
    }
    come_home();
  }
  void refuse(std::exception_ptr why) noexcept override {
    outcome_.set_error(std::move(why));
    come_home();
  }
  void come_home() noexcept {
    loop& home = owner();
    const bool is_foreign = pool_ != nullptr;
    ended_.store(true, std::memory_order_release);
    home.post(*this);
    if (is_foreign) home.end_foreign_work();
  }

  Function function_;
  blocking_pool* pool_;
  std::atomic<bool> ended_ = false;
  context inside_;  // dies on the loop's thread, and what it holds with it
  result<value> outcome_;
};

template <class Function, class... Args>
[[nodiscard]] auto call_on(blocking_pool* pool, Function function, Args... args) {
  require_plain_function<Function, Args...>();
  if constexpr (sizeof...(Args) == 0) {
    return to_thread_operation<Function>(std::move(function), pool);
  } else {
    auto bound = [function = std::move(function), ... args = std::move(args)]() mutable -> decltype(auto) {
      return function(std::move(args)...);
    };
    return to_thread_operation<decltype(bound)>(std::move(bound), pool);
  }
}

/// A call that nobody may be waiting for any more when it ends. Counted on the loop's thread: once for the loop, which gets it
/// back from the pool, and once for the operation.
template <class Function>
class abandonable_call final : public callback_record, public blocking_job {
 public:
  using value = std::invoke_result_t<Function&, const std::atomic<bool>&>;

  abandonable_call(loop& owner, Function function)
      : callback_record(owner, context::current().detached()), function_(std::move(function)) {}

  void work() noexcept override {
    const auto call = [this]() -> decltype(auto) { return function_(std::as_const(abandoned_)); };
    try {
      if constexpr (std::is_void_v<value>)
        inside().run(call);
      else
        outcome_.set_value(inside().run(call));
    } catch (...) {
      outcome_.set_error(std::current_exception());
    }
    loop_.post(*this);
  }
  void run() noexcept override {
    if (!abandoned_) waiter_->run();
    release();
  }

  void wait_with(ready_node& waiter) noexcept { waiter_ = &waiter; }
  void abandon_wait() noexcept { abandoned_ = true; }
  [[nodiscard]] result<value>& outcome() noexcept { return outcome_; }

 private:
  Function function_;
  result<value> outcome_;
  ready_node* waiter_ = nullptr;
  std::atomic<bool> abandoned_ = false;
};

/// Runs a function on the loop's blocking pool and stops waiting for it when cancelled. The function is told by its argument.
template <class Function>
class abandonable_operation final : public operation {
  using call = abandonable_call<Function>;

 public:
  explicit abandonable_operation(Function function) : function_(std::move(function)) {}
  abandonable_operation(abandonable_operation&& other) noexcept(std::is_nothrow_move_constructible_v<Function>)
      : operation(static_cast<operation&&>(other)), function_(std::move(other.function_)) {}
  ~abandonable_operation() {
    if (call_ != nullptr) call_->release();
  }

  [[nodiscard]] bool await_ready() { return refuse_if_cancelled(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    loop& owner = task()->owner();
    call_ = new call(owner, std::move(function_));
    call_->wait_with(*this);
    owner.blocking().submit(*call_);  // throws before anything has begun
    call_->retain();
    suspend(waiter);
  }
  typename call::value await_resume() {
    if (was_stopped()) resumed();
    return call_->outcome().take();
  }

  bool stop() noexcept override {
    call_->abandon_wait();
    wake_stopped();
    return true;
  }

 private:
  Function function_;
  call* call_ = nullptr;
};

}  // namespace detail

/// Given first to `to_thread`: a cancelled await does not wait for the function.
struct abandon_on_cancel_t {};
inline constexpr abandon_on_cancel_t abandon_on_cancel{};

/// Runs `function(args...)` on a thread of the loop's blocking pool and gives what it returns or throws.
///
/// It sees the context variables of who awaits it, in a copy: what it sets is gone when it returns.
/// Everything is copied or moved in; references that it captures stay valid, for the await ends only when the function has,
/// even if cancelled (the request then stays pending and its result is not lost); only a function that had not begun is taken
/// back, and then `cancelled` is thrown. Counterpart: asyncio.to_thread.
template <class Function, class... Args>
[[nodiscard]] auto to_thread(Function function, Args... args) {
  return detail::call_on(nullptr, std::move(function), std::move(args)...);
}

/// The same, but cancelled it throws `cancelled` at once. A function that runs already goes on, without anybody to wait for it
/// but the end of `run`: it must own all that it uses. What it returns or throws is dropped, on the loop's thread as the
/// function itself; one that had not begun is never called. Counterpart: trio.to_thread.run_sync(abandon_on_cancel=True).
template <class Function, class... Args>
[[nodiscard]] auto to_thread(abandon_on_cancel_t, Function function, Args... args) {
  detail::require_plain_function<Function, Args...>();
  auto bound = [function = std::move(function),
                ... args = std::move(args)](const std::atomic<bool>& abandoned) mutable -> decltype(auto) {
    if (abandoned) throw cancelled{};
    return function(std::move(args)...);
  };
  return detail::abandonable_operation<decltype(bound)>(std::move(bound));
}

}  // namespace hocket
