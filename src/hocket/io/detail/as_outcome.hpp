#pragma once

#include <coroutine>
#include <exception>
#include <expected>
#include <utility>

#include <hocket/core/cancelled.hpp>

namespace hocket::detail {

/// As `as_expected`, but with what was thrown: the error of a layer says more than its code. `cancelled` still passes through.
template <class Operation>
class as_outcome {
 public:
  explicit as_outcome(Operation operation) noexcept : operation_(std::move(operation)) {}

  [[nodiscard]] bool await_ready() { return operation_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> waiter) { return operation_.await_suspend(waiter); }
  auto await_resume() -> std::expected<decltype(std::declval<Operation&>().await_resume()), std::exception_ptr> {
    try {
      return operation_.await_resume();
    } catch (const cancelled&) {
      throw;
    } catch (...) {
      return std::unexpected(std::current_exception());
    }
  }

 private:
  Operation operation_;
};

}  // namespace hocket::detail
