#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <hocket/base/result.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

namespace detail {

/// Runs a function on the loop's blocking pool and waits for it.
template <class Function>
class to_thread_operation final : public operation, private blocking_job {
  using value = std::invoke_result_t<Function&>;

 public:
  explicit to_thread_operation(Function function) : function_(std::move(function)) {}
  to_thread_operation(to_thread_operation&& other) noexcept(std::is_nothrow_move_constructible_v<Function>)
      : operation(std::move(other)), function_(std::move(other.function_)) {}

  [[nodiscard]] bool await_ready() { return refuse_if_cancelled(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    prepare(waiter);
    try {
      task()->owner().blocking().submit(*this);
    } catch (...) {
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
    if (!task()->owner().blocking().withdraw(*this)) return false;  // it runs: the frame that it may refer to must wait
    wake_stopped();
    return true;
  }

 private:
  void work() noexcept override {
    try {
      if constexpr (std::is_void_v<value>)
        function_();
      else
        outcome_.set_value(function_());
    } catch (...) {
      outcome_.set_error(std::current_exception());
    }
    task()->owner().post(*this);
  }

  Function function_;
  result<value> outcome_;
};

}  // namespace detail

/// Runs `function(args...)` on a thread of the loop's blocking pool and gives what it returns or throws.
///
/// Everything is copied or moved in; references that it captures stay valid, for the await ends only when the function has,
/// even if cancelled (the request then stays pending and its result is not lost); only a function that had not begun is taken
/// back, and then `cancelled` is thrown. Counterpart: asyncio.to_thread.
template <class Function, class... Args>
[[nodiscard]] auto to_thread(Function function, Args... args) {
  if constexpr (sizeof...(Args) == 0) {
    return detail::to_thread_operation<Function>(std::move(function));
  } else {
    auto bound = [function = std::move(function), ... args = std::move(args)]() mutable -> decltype(auto) {
      return function(std::move(args)...);
    };
    return detail::to_thread_operation<decltype(bound)>(std::move(bound));
  }
}

}  // namespace hocket
