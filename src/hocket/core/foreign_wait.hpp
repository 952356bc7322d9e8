#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/core/awaitable.hpp>
#include <hocket/core/operation.hpp>

namespace hocket::detail {

/// What somebody else's awaitable is given to resume, on whatever thread: tells a `foreign_wait`, once, and is gone. It stands in the chain of frames,
/// for that awaitable may be made of hocket's operations, of which it then is the waiter.
class bell {
 public:
  class promise_type : public frame_base {
   public:
    explicit promise_type(std::source_location created = std::source_location::current()) noexcept
        : frame_base(created) {}
    [[nodiscard]] bell get_return_object() noexcept {
      return bell(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };

  [[nodiscard]] std::coroutine_handle<promise_type> handle() const noexcept { return handle_; }

 private:
  explicit bell(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

/// Waits for what somebody else's awaitable waits for. The part that does not know its type.
class foreign_operation : public operation {
 public:
  foreign_operation() noexcept = default;
  foreign_operation(const foreign_operation&) = delete;
  /// It cannot be asked to end: a request stays pending.
  bool stop() noexcept override { return false; }
  void leave_behind() noexcept override { left_behind_.store(true, std::memory_order_release); }

 protected:
  [[nodiscard]] bool refuse() { return task_base::current() != nullptr && refuse_if_cancelled(); }
  /// The task waits from here on; gives what is to be resumed.
  [[nodiscard]] std::coroutine_handle<> begin(std::coroutine_handle<> waiter);
  /// It does not wait after all: `rings` was not resumed and will not be.
  void take_back(std::coroutine_handle<> rings) noexcept;
  void require_not_cancelled() {
    if (was_stopped()) [[unlikely]]
      task()->throw_cancelled();
  }

 private:
  static bell ring(foreign_operation& told);
  void rung() noexcept;

  std::atomic<bool> left_behind_{false};
};

/// Puts somebody else's awaitable in the place of an operation of the task: it shows in call graphs, and whoever resumes it, on the
/// loop's thread or another one, wakes the task, which goes on in a turn of its loop.
///
/// A cancellation that is pending is thrown before it begins to wait; a later one stays pending until it has ended, and
/// its result is given.
template <class Awaitable>
class [[nodiscard]] foreign_wait final : public foreign_operation {
 public:
  explicit foreign_wait(Awaitable&& awaited) : awaiter_(get_awaiter(static_cast<Awaitable&&>(awaited))) {}

  [[nodiscard]] bool await_ready() { return awaiter_.await_ready() || refuse(); }

  auto await_suspend(std::coroutine_handle<> waiter) {
    using answer = decltype(awaiter_.await_suspend(waiter));
    const auto rings = begin(waiter);
    try {
      if constexpr (std::is_same_v<answer, bool>) {
        if (awaiter_.await_suspend(rings)) return true;
        take_back(rings);
        return false;
      } else {
        return awaiter_.await_suspend(rings);
      }
    } catch (...) {
      take_back(rings);
      throw;
    }
  }

  decltype(auto) await_resume() {
    require_not_cancelled();
    return awaiter_.await_resume();
  }

 private:
  decltype(get_awaiter(std::declval<Awaitable>())) awaiter_;
};

}  // namespace hocket::detail
