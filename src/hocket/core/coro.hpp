#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/attributes.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/awaitable.hpp>
#include <hocket/core/foreign_wait.hpp>
#include <hocket/core/frame.hpp>

namespace hocket {

template <class T>
class coro;

namespace detail {

/// Destroy a frame that has not begun. In debug mode the first reports that; what the frame holds goes unreported.
void drop_unstarted(std::coroutine_handle<> frame) noexcept;
void close_unstarted(std::coroutine_handle<> frame) noexcept;

template <class T>
class coro_promise_base : public frame_base {
 public:
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] auto final_suspend() const noexcept {
    struct awaiter {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return promise.leave(); }
      void await_resume() const noexcept {}
      frame_base& promise;
    };
    return awaiter{const_cast<coro_promise_base&>(*this)};
  }
  void unhandled_exception() noexcept { result_.set_error(std::current_exception()); }

  [[nodiscard]] hocket::result<T>& result() noexcept { return result_; }

 protected:
  explicit coro_promise_base(std::source_location created) noexcept : frame_base(created) {}

  hocket::result<T> result_;
};

template <class T>
class coro_promise final : public coro_promise_base<T> {
 public:
  explicit coro_promise(std::source_location created = std::source_location::current()) noexcept
      : coro_promise_base<T>(created) {}
  [[nodiscard]] coro<T> get_return_object() noexcept;
  template <class U = T>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    this->result_.set_value(std::forward<U>(value));
  }
};

template <>
class coro_promise<void> final : public coro_promise_base<void> {
 public:
  explicit coro_promise(std::source_location created = std::source_location::current()) noexcept
      : coro_promise_base<void>(created) {}
  [[nodiscard]] coro<void> get_return_object() noexcept;
  void return_void() const noexcept {}
};

}  // namespace detail

/// A coroutine that has not begun: what an asynchronous function returns.
///
/// Lazy: nothing runs until it is awaited, which happens inline, without the scheduler, or given to `create_task`, `gather`
/// and the like. Awaited once, as an rvalue: `co_await f()`. Owns its frame; dropping it unstarted is legal and runs nothing,
/// but is reported in debug mode, as it is a mistake more often than not.
/// A coroutine that throws passes the exception to whoever awaits it. Counterpart: a coroutine object.
template <class T = void>
class [[nodiscard]] HOCKET_CORO_TYPE HOCKET_CORO_ELIDABLE coro {
  static_assert(alignof(std::conditional_t<std::is_void_v<T>, char, std::remove_reference_t<T>>) <= 16,
                "return an over-aligned value through a std::unique_ptr: frames are aligned to 16");

 public:
  using promise_type = detail::coro_promise<T>;
  using value_type = T;

  coro(coro&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  coro& operator=(coro&& other) noexcept {
    if (this != &other) {
      drop();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~coro() { drop(); }

  /// Runs it to its end, in the awaiting task. Gives its value or throws its exception.
  [[nodiscard]] auto operator co_await() && noexcept {
    HOCKET_ASSERT(frame_ && !frame_.promise().has_begun(), "a coroutine was awaited twice");
    return awaiter{frame_};
  }

  /// Where the function stands that made it. Precondition: not moved from.
  [[nodiscard]] std::source_location created() const noexcept { return frame_.promise().place(); }

  /// False after it was moved from.
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  /// Drops it unstarted, on purpose. Counterpart: coroutine.close.
  void close() noexcept {
    HOCKET_ASSERT(!frame_ || !frame_.promise().has_begun(), "a coroutine was closed that had begun");
    if (frame_) detail::close_unstarted(release());
  }

  /// Gives the frame away, to whoever will run it.
  [[nodiscard]] std::coroutine_handle<promise_type> release() noexcept { return std::exchange(frame_, {}); }

 private:
  friend promise_type;
  struct awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
      child.promise().set_parent(parent);
      return child;
    }
    T await_resume() { return child.promise().result().take(); }
    std::coroutine_handle<promise_type> child;
  };

  explicit coro(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  void drop() noexcept {
    if (!frame_) return;
    if (frame_.promise().has_begun()) [[likely]]
      frame_.destroy();
    else
      detail::drop_unstarted(frame_);
  }

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
coro<T> coro_promise<T>::get_return_object() noexcept {
  return coro<T>(std::coroutine_handle<coro_promise>::from_promise(*this));
}

inline coro<void> coro_promise<void>::get_return_object() noexcept {
  return coro<void>(std::coroutine_handle<coro_promise>::from_promise(*this));
}

template <class T>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<coro<T>> = true;

/// What is given to be awaited will not be, and rightly so.
template <class Awaitable>
void refuse(Awaitable& work) noexcept {
  if constexpr (is_coro<Awaitable>) work.close();
}

template <class Awaitable>
coro<std::remove_cvref_t<await_result_t<Awaitable>>> wrap(Awaitable awaitable) {
  co_return co_await std::move(awaitable);
}

}  // namespace detail

/// Any awaitable as a coroutine; a coroutine as it is.
template <awaitable Awaitable>
[[nodiscard]] HOCKET_CORO_WRAPPER auto as_coro(Awaitable awaitable) {
  if constexpr (detail::is_coro<Awaitable>)
    return awaitable;
  else
    return detail::wrap(std::move(awaitable));
}

}  // namespace hocket
