#pragma once

#include <exception>
#include <expected>

#include <hocket/core/coro.hpp>

namespace hocket {

/// Awaits `body` and gives what it returned or what it threw, `cancelled` included; whoever swallows that ends the
/// cancellation. C++ cannot `co_await` in a handler: this is how to look at an error and then wait for something.
template <async_body Body>
coro<std::expected<detail::body_result_t<Body>, std::exception_ptr>> as_result(Body body) {
  try {
    if constexpr (std::is_void_v<detail::body_result_t<Body>>) {
      co_await detail::start_body(body);
      co_return {};
    } else {
      co_return co_await detail::start_body(body);
    }
  } catch (...) {
    co_return std::unexpected(std::current_exception());
  }
}

/// Turns an I/O operation into its twin that does not throw: `co_await as_expected(socket.recv(bytes))` gives
/// `std::expected<std::size_t, std::error_code>`. `cancelled` still passes through.
template <class Operation>
class as_expected {
 public:
  explicit as_expected(Operation operation) noexcept : operation_(std::move(operation)) {}

  [[nodiscard]] bool await_ready() { return operation_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> waiter) { return operation_.await_suspend(waiter); }
  auto await_resume() { return operation_.expected(); }

 private:
  Operation operation_;
};

}  // namespace hocket
