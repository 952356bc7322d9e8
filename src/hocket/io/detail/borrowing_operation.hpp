#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include <hocket/io/io_operation.hpp>
#include <hocket/loop/borrowed_descriptor.hpp>

namespace hocket::detail {

/// The number that an operation on somebody else's descriptor is about, borrowed from when it is awaited until it is destroyed.
class borrowed_target {
 public:
  /// What may be asked of it.
  enum class use : std::uint8_t { wait, socket_call };

  borrowed_target(int number, use meant) noexcept : number_(number), meant_(meant) {}

  /// Of the running loop. Gives 0, or the errno with which the operation ends. Throws std::system_error where the backend cannot
  /// take such a number, and says why.
  [[nodiscard]] int borrow();
  [[nodiscard]] descriptor& record() const noexcept { return *held_.record(); }
  [[nodiscard]] int number() const noexcept { return number_; }

  /// For who reads of the error.
  [[nodiscard]] std::string what_failed(const char* name) const;

 private:
  borrowed_descriptor held_;
  int number_;
  use meant_;
};

/// As `io_awaitable`, for a number that the loop does not own.
template <class Derived, class Value, class Base = io_operation>
class borrowing_operation : public io_awaitable<Derived, Value, Base> {
 public:
  [[nodiscard]] bool await_ready() {
    if (this->refuse_if_cancelled()) return true;
    if (const int error = target_.borrow(); error != 0) {
      this->fail(error);
      return true;
    }
    this->aim_at(target_.record());
    return io_awaitable<Derived, Value, Base>::await_ready();
  }
  [[nodiscard]] std::string what_failed() const { return target_.what_failed(Derived::name); }

 protected:
  borrowing_operation(io_op op, int number, borrowed_target::use meant = borrowed_target::use::socket_call) noexcept
      : io_awaitable<Derived, Value, Base>(op, nullptr), target_(number, meant) {}

  borrowed_target target_;
};

}  // namespace hocket::detail
