#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>

#include <hocket/core/awaitable.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::detail {

/// How long one operation may take.
struct operation_limit {
  enum class kind : std::uint8_t {
    none,
    after,   // `time` from when it is awaited
    at,      // at `time` on the loop's clock
    passed,  // it does not even start
  };
  kind bound = kind::none;
  duration time{};

  [[nodiscard]] static operation_limit until(std::optional<time_point> deadline) noexcept {
    return deadline ? operation_limit{kind::at, deadline->time_since_epoch()} : operation_limit{};
  }
};

/// An operation that can be its own alarm clock: a limit makes it no larger.
template <class Operation>
concept limitable = awaiter<Operation> && requires(Operation& op, operation_limit limit) { op.limit(limit); };

/// An operation with a limit. It takes no other: a second one is a `timeout` around this.
template <limitable Operation>
class [[nodiscard]] limited_operation {
 public:
  limited_operation(Operation op, operation_limit limit) : op_(std::move(op)) { op_.limit(limit); }

  [[nodiscard]] bool await_ready() { return op_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> waiter) { return op_.await_suspend(waiter); }
  decltype(auto) await_resume() { return op_.await_resume(); }
  /// For `as_expected`. Throws `timeout_error`, `cancelled`.
  [[nodiscard]] auto expected() { return op_.expected(); }

 private:
  Operation op_;
};

}  // namespace hocket::detail
