#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/core/awaitable.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/green/detail/fiber.hpp>

namespace hocket::green {

/// True within a green thread: there `wait` may be called.
[[nodiscard]] inline bool is_green() noexcept { return detail::fiber::current() != nullptr; }

namespace detail {

/// The running green thread. Throws `invalid_state_error` outside of one.
[[nodiscard]] inline fiber& require_current() {
  fiber* const here = fiber::current();
  if (here == nullptr)
    throw invalid_state_error("green::wait was called outside of a green thread: make one by green::spawn");
  return *here;
}

/// An awaitable, parked on by the fiber on whose stack it is.
template <class Awaiter>
class parked_awaiter final : public parking {
 public:
  parked_awaiter(Awaiter& awaiter, std::source_location where) noexcept
      : parking(&suspend_it, where), awaiter_(awaiter) {}

  void rethrow() const {
    if (failed_) std::rethrow_exception(failed_);
  }

 private:
  static std::coroutine_handle<> suspend_it(parking& self, std::coroutine_handle<> carrier) noexcept {
    auto& mine = static_cast<parked_awaiter&>(self);
    try {
      using returned = decltype(mine.awaiter_.await_suspend(carrier));
      if constexpr (std::is_void_v<returned>) {
        mine.awaiter_.await_suspend(carrier);
        return std::noop_coroutine();
      } else if constexpr (std::same_as<returned, bool>) {
        return mine.awaiter_.await_suspend(carrier) ? std::coroutine_handle<>(std::noop_coroutine()) : carrier;
      } else {
        return mine.awaiter_.await_suspend(carrier);
      }
    } catch (...) {
      mine.failed_ = std::current_exception();
      return carrier;
    }
  }

  Awaiter& awaiter_;
  std::exception_ptr failed_;
};

/// `wait` without the time-outs: of one that is over only `cancelled` is seen.
template <awaitable Awaitable>
await_result_t<Awaitable> wait_on(fiber& here, Awaitable&& work, std::source_location where) {
  here.throw_if_interrupted();
  decltype(auto) awaiter = hocket::detail::get_awaiter(std::forward<Awaitable>(work));
  const auto is_ready = [&]() -> bool {
    const fiber::own_code inside(here);
    return awaiter.await_ready();
  };
  if (!is_ready()) {
    parked_awaiter parked(awaiter, where);
    here.park(parked);
    parked.rethrow();
  }
  const fiber::own_code inside(here);
  return awaiter.await_resume();
}

/// A wait was cancelled: if that came of a `green::timeout` that is over, throws what that one throws.
void throw_expired(fiber& here);

}  // namespace detail

/// What `co_await` is in a coroutine: waits for anything that can be awaited, while other tasks run; gives its value or throws its
/// exception, `cancelled` too, and what a `green::timeout` throws. `where` is what call graphs show. Only within a green thread; elsewhere throws `invalid_state_error`.
/// Counterpart: gevent's hub.switch, by which each of its blocking calls waits.
template <awaitable Awaitable>
await_result_t<Awaitable> wait(Awaitable&& work, std::source_location where = std::source_location::current()) {
  detail::fiber& here = detail::require_current();
  try {
    return detail::wait_on(here, std::forward<Awaitable>(work), where);
  } catch (const cancelled&) {
    detail::throw_expired(here);
    throw;
  }
}

}  // namespace hocket::green
