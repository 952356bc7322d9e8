#pragma once

#include <exception>
#include <optional>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/limited_operation.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/task_base.hpp>

namespace hocket {

/// Bounds how long a body may take: `timeout limit{5s}; co_await limit.run(body);`.
///
/// When time is up the body is cancelled, and the `cancelled` that leaves it becomes a `timeout_error`; a cancellation that
/// somebody else asked for stays one. Of nested time-outs that expire in one turn the outermost reports.
/// Runs one body; must outlive it. Counterpart: asyncio.timeout, asyncio.timeout_at.
class timeout {
 public:
  explicit timeout(delay limit) noexcept : limit_(limit) {}
  /// At `when` on the loop's clock; nothing: no limit until `reschedule`. A past deadline fires in the next turn.
  explicit timeout(std::optional<time_point> when) noexcept : deadline_(when) {}
  timeout(const timeout&) = delete;
  timeout& operator=(const timeout&) = delete;

  /// Runs `body`, an awaitable or a callable that returns one, and gives its result. Throws `timeout_error`.
  template <async_body Body>
  coro<detail::body_result_t<Body>> run(Body body) {
    enter();
    result<detail::body_result_t<Body>> outcome;
    try {
      if constexpr (std::is_void_v<detail::body_result_t<Body>>)
        co_await detail::start_body(body);
      else
        outcome.set_value(co_await detail::start_body(body));
    } catch (...) {
      outcome.set_error(std::current_exception());
    }
    leave(outcome.has_error() ? outcome.error() : nullptr);
    co_return outcome.take();
  }

  /// The deadline, if there is one. Counterpart: Timeout.when.
  [[nodiscard]] std::optional<time_point> when() const noexcept { return deadline_; }

  /// Sets another deadline, or none. Throws `invalid_state_error` if the time-out has fired. Counterpart: Timeout.reschedule.
  void reschedule(std::optional<time_point> when);

  /// True once time ran out before the body had ended.
  [[nodiscard]] bool expired() const noexcept { return expired_; }

 private:
  class alarm final : public timer_node {
   public:
    explicit alarm(timeout& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.expire(); }

   private:
    timeout& owner_;
  };

  void enter();
  void leave(const std::exception_ptr& error);
  void arm();
  void expire() noexcept;

  std::optional<duration> limit_;
  std::optional<time_point> deadline_;
  cancel_node node_{cancel_node::kind::edge};
  alarm alarm_{*this};
  task_base* task_ = nullptr;
  bool expired_ = false;
};

/// Runs `body` for at most `limit`; throws `timeout_error`. Short for a `timeout` that one need not look at.
template <async_body Body>
coro<detail::body_result_t<Body>> with_timeout(delay limit, Body body) {
  timeout bound(limit);
  co_return co_await bound.run(std::move(body));
}

/// Runs `body` until `deadline` on the loop's clock at most, or without a limit; throws `timeout_error`.
template <async_body Body>
coro<detail::body_result_t<Body>> with_timeout_at(std::optional<time_point> deadline, Body body) {
  timeout bound(deadline);
  co_return co_await bound.run(std::move(body));
}

/// The same for one operation of a socket, file or byte stream: the same rules, without a frame or any memory of its own.
template <detail::limitable Operation>
detail::limited_operation<Operation> with_timeout(delay limit, Operation work) {
  return {std::move(work), {detail::operation_limit::kind::after, limit}};
}
template <detail::limitable Operation>
detail::limited_operation<Operation> with_timeout_at(std::optional<time_point> deadline, Operation work) {
  return {std::move(work), detail::operation_limit::until(deadline)};
}

namespace detail {

template <class T>
inline constexpr bool is_endable = requires(T& value) {
  { value.done() } -> std::same_as<bool>;
  value.cancel();
};

}  // namespace detail

/// Awaits `work` for at most `limit`; cancels it, waits until it has ended, and throws `timeout_error` when time is up.
/// With a limit of zero or less nothing is started: a task or future that has ended gives its result, any other is cancelled,
/// a coroutine is dropped. Counterpart: asyncio.wait_for.
template <awaitable Awaitable>
coro<std::remove_cvref_t<await_result_t<Awaitable>>> wait_for(Awaitable work, delay limit) {
  if (duration(limit) <= duration::zero()) {
    if constexpr (detail::is_endable<Awaitable>) {
      if (work.done()) co_return co_await std::move(work);
    } else {
      detail::refuse(work);
      throw timeout_error{};
    }
  }
  timeout bound(limit);
  co_return co_await bound.run(std::move(work));
}

/// The same for one operation of a socket, file or byte stream, without a frame.
template <detail::limitable Operation>
detail::limited_operation<Operation> wait_for(Operation work, delay limit) {
  using enum detail::operation_limit::kind;
  return {std::move(work), {duration(limit) > duration::zero() ? after : passed, limit}};
}

}  // namespace hocket
