#pragma once

#include <type_traits>
#include <utility>

#include <hocket/core/future_like.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

namespace detail {

/// Waits for `inner` and keeps cancellations from it. Woken as asyncio's is: a turn after whoever awaits `inner` itself.
class shield_wait : public operation {
 public:
  explicit shield_wait(future_base& inner) noexcept : inner_(&inner) {}
  shield_wait(shield_wait&&) noexcept = default;

  [[nodiscard]] bool await_ready() const noexcept { return inner_->done(); }
  void await_suspend(std::coroutine_handle<> waiter);
  void run() noexcept override;
  bool stop() noexcept override;

 private:
  template <class>
  friend struct process_layout;

  future_base* inner_;  // the derived class holds it
};

template <class Handle>
class shield_operation final : public shield_wait {
 public:
  explicit shield_operation(Handle inner) noexcept : shield_wait(*inner.record()), handle_(std::move(inner)) {}

  decltype(auto) await_resume() {
    resumed();
    return get_awaiter(static_cast<Handle&&>(handle_)).await_resume();  // it has ended: this only takes the result
  }

 private:
  Handle handle_;
};

}  // namespace detail

/// Awaits a task or future without letting a cancellation through: who waits is cancelled at once, `inner` goes on.
///
/// Gives what `co_await inner` gives, without suspending if `inner` has ended, and throws `cancelled` if `inner` is cancelled.
/// After a cancellation an error of `inner` goes to the loop's exception handler, once however many shields were left.
/// `inner` is a task, for a coroutine could borrow from its caller: `auto work = create_task(f()); co_await shield(work);`.
/// Counterpart: asyncio.shield.
template <future_like Handle>
[[nodiscard]] auto shield(const Handle& inner) noexcept {
  return detail::shield_operation<const Handle>(inner);
}
template <class Handle>
  requires(future_like<Handle> && !std::is_lvalue_reference_v<Handle>)
[[nodiscard]] auto shield(Handle&& inner) noexcept {
  return detail::shield_operation<Handle>(std::forward<Handle>(inner));
}

}  // namespace hocket
