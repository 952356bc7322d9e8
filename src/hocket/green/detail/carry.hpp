#pragma once

#include <coroutine>
#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/base/result.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/green/detail/fiber.hpp>

namespace hocket::green::detail {

/// A function as a job, and what came of it.
template <class Function>
class call final : public job {
 public:
  using value = std::remove_cvref_t<std::invoke_result_t<Function&>>;

  explicit call(Function& function) noexcept : job{&run_it}, function_(function) {}

  value take() { return outcome_.take(); }

 private:
  static void run_it(job& self) noexcept {
    auto& mine = static_cast<call&>(self);
    try {
      if constexpr (std::is_void_v<value>)
        std::invoke(mine.function_);
      else
        mine.outcome_.set_value(std::invoke(mine.function_));
    } catch (...) {
      mine.outcome_.set_error(std::current_exception());
    }
  }

  Function& function_;
  result<value> outcome_;
};

/// Waits, in the coroutine that carries a fiber, for what the fiber waits for, and where it does. What comes of that is the fiber's.
struct wait_for_fiber {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> carrier) noexcept {
    carrier.promise().note_place(on.where());
    return on.suspend(carrier);
  }
  void await_resume() const noexcept {}

  parking& on;
};

/// Runs `function` on a stack of its own, to its end.
template <class Function>
coro<typename call<Function>::value> carry(Function function, std::size_t stack_size) {
  call<Function> work(function);
  fiber carried(stack::of_size(stack_size), work);
  while (carried.resume()) co_await wait_for_fiber{carried.parked_on()};
  carried.throw_if_interrupted();
  co_return work.take();
}

/// The same after a while, for which it needs no stack.
template <class Function>
coro<typename call<Function>::value> carry_later(delay after, Function function, std::size_t stack_size) {
  co_await hocket::sleep(after);
  co_return co_await carry(std::move(function), stack_size);
}

/// Runs `function` on the stack of `on`, which is parked, above what it waits for.
template <class Function>
coro<typename call<Function>::value> carry_section(fiber& on, Function& function) {
  call<Function> work(function);
  const unsigned depth = on.depth() + 1;
  for (bool is_parked = on.begin_section(work); is_parked; is_parked = on.resume()) {
    co_await wait_for_fiber{on.parked_on()};
    HOCKET_ASSERT(on.depth() == depth, "sections of a green thread end in the reverse order of their beginning");
  }
  on.throw_if_interrupted();
  co_return work.take();
}

}  // namespace hocket::green::detail
