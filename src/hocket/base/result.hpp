#pragma once

#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace hocket {

/// Where a coroutine, task or future leaves how it ended: nothing yet, a value, or an exception.
template <class T>
class result {
  static_assert(std::is_same_v<T, std::remove_cv_t<T>>,
                "a coroutine returns a value or a reference, not a const value");
  using stored = std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, T>;

 public:
  result() noexcept {}
  result(const result&) = delete;
  result& operator=(const result&) = delete;
  ~result() { clear(); }

  [[nodiscard]] bool has_error() const noexcept { return kind_ == kind::error; }
  [[nodiscard]] bool has_value() const noexcept { return kind_ == kind::value; }
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

  template <class U>
  void set_value(U&& value) {
    if constexpr (std::is_reference_v<T>)
      std::construct_at(&value_, std::addressof(value));
    else
      std::construct_at(&value_, std::forward<U>(value));
    kind_ = kind::value;
  }

  void set_error(std::exception_ptr error) noexcept {
    clear();
    std::construct_at(&error_, std::move(error));
    kind_ = kind::error;
  }

  /// Takes what `other` holds, which keeps a moved-from value. Precondition: this one is empty.
  void take_over(result& other) {
    if (other.has_error())
      set_error(std::move(other.error_));
    else if constexpr (std::is_reference_v<T>)
      set_value(*other.value_);
    else
      set_value(std::move(other.value_));
  }

  /// Gives the value away, or throws the error.
  T take() {
    throw_if_error();
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(*value_);
    else
      return std::move(value_);
  }

  /// Shows the value, or throws the error.
  const std::remove_reference_t<T>& look() const {
    throw_if_error();
    if constexpr (std::is_reference_v<T>)
      return *value_;
    else
      return value_;
  }

 private:
  enum class kind : unsigned char { empty, value, error };

  void throw_if_error() const {
    if (has_error()) std::rethrow_exception(error_);
  }

  void clear() noexcept {
    if (kind_ == kind::value) std::destroy_at(&value_);
    if (kind_ == kind::error) std::destroy_at(&error_);
    kind_ = kind::empty;
  }

  union {
    stored value_;
    std::exception_ptr error_;
  };
  kind kind_ = kind::empty;
};

template <>
class result<void> {
 public:
  [[nodiscard]] bool has_error() const noexcept { return error_ != nullptr; }
  [[nodiscard]] bool has_value() const noexcept { return error_ == nullptr; }
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  void set_value() noexcept {}
  void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }
  void take_over(result& other) noexcept { error_ = std::move(other.error_); }
  void take() const { look(); }
  void look() const {
    if (has_error()) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

}  // namespace hocket
