#pragma once

#include <optional>
#include <type_traits>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task_base.hpp>

namespace hocket {

struct cancel_scope_options {
  std::optional<time_point> deadline{};
  /// Hides cancellations from outside while the body runs; they arrive after it.
  bool shield = false;
};

/// A region that can be cancelled as a whole and for good: `cancel_scope scope; co_await scope.run(body);`.
///
/// Once cancelled, every await inside throws `cancelled`, also those that clean up, and also in children of task groups
/// inside, until the region is left. There the scope swallows `cancelled`, unless somebody further out asked too.
/// Runs one body at a time; must outlive it. Counterpart: trio.CancelScope.
class cancel_scope {
 public:
  explicit cancel_scope(cancel_scope_options options = {}) noexcept
      : node_(cancel_node::kind::level, options.shield), deadline_(options.deadline) {}
  cancel_scope(const cancel_scope&) = delete;
  cancel_scope& operator=(const cancel_scope&) = delete;

  /// Runs `body`, an awaitable or a callable that returns one. Gives nothing for a void body and a `std::optional` otherwise,
  /// empty if the scope swallowed a cancellation.
  template <async_body Body>
  auto run(Body body) -> coro<std::conditional_t<std::is_void_v<detail::body_result_t<Body>>, void,
                                                 std::optional<std::decay_t<detail::body_result_t<Body>>>>> {
    using value = detail::body_result_t<Body>;
    enter();
    result<value> outcome;
    try {
      if constexpr (std::is_void_v<value>)
        co_await detail::start_body(body);
      else
        outcome.set_value(co_await detail::start_body(body));
    } catch (...) {
      outcome.set_error(std::current_exception());
    }
    const bool swallowed = leave(outcome.has_error() ? outcome.error() : nullptr);
    if constexpr (std::is_void_v<value>) {
      if (!swallowed) outcome.take();
    } else {
      if (swallowed) co_return std::nullopt;
      co_return outcome.take();
    }
  }

  /// Cancels the region, now and until it is left. Before `run`: its first await that waits throws.
  void cancel() noexcept;
  [[nodiscard]] bool cancel_called() const noexcept { return node_.requests > 0; }
  /// True if it swallowed a `cancelled`.
  [[nodiscard]] bool cancelled_caught() const noexcept { return caught_; }

  [[nodiscard]] std::optional<time_point> deadline() const noexcept { return deadline_; }
  /// Moves the deadline, or takes it away. No effect on a scope that is cancelled.
  void reschedule(std::optional<time_point> deadline);

 private:
  class alarm final : public timer_node {
   public:
    explicit alarm(cancel_scope& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.cancel(); }

   private:
    cancel_scope& owner_;
  };

  void enter();
  [[nodiscard]] bool leave(const std::exception_ptr& error);
  void arm();

  cancel_node node_;
  std::optional<time_point> deadline_;
  alarm alarm_{*this};
  task_base* task_ = nullptr;
  bool caught_ = false;
};

namespace detail {

/// What `move_on_after` gives.
template <class Body>
using moved_on_t =
    std::conditional_t<std::is_void_v<body_result_t<Body>>, bool, std::optional<std::decay_t<body_result_t<Body>>>>;

/// When a `delay`, which counts from here, or a deadline ends.
[[nodiscard]] inline time_point deadline_of(delay limit) { return loop::running().time_after(limit); }
[[nodiscard]] inline time_point deadline_of(time_point deadline) noexcept { return deadline; }

template <class Limit, class Body>
coro<moved_on_t<Body>> move_on(Limit limit, Body body) {
  cancel_scope scope({.deadline = deadline_of(limit)});
  if constexpr (std::is_void_v<body_result_t<Body>>) {
    co_await scope.run(std::move(body));
    co_return !scope.cancelled_caught();
  } else {
    co_return co_await scope.run(std::move(body));
  }
}

template <class Limit, class Body>
coro<body_result_t<Body>> fail(Limit limit, Body body) {
  cancel_scope scope({.deadline = deadline_of(limit)});
  if constexpr (std::is_void_v<body_result_t<Body>>) {
    co_await scope.run(std::move(body));
    if (scope.cancelled_caught()) throw timeout_error{};
  } else {
    auto value = co_await scope.run(std::move(body));
    if (!value) throw timeout_error{};
    co_return std::move(*value);
  }
}

}  // namespace detail

/// Runs `body` for at most `limit` and then moves on: true if it ended by itself. For a body with a value: a `std::optional`.
/// Counterpart: trio.move_on_after.
template <async_body Body>
HOCKET_CORO_WRAPPER coro<detail::moved_on_t<Body>> move_on_after(delay limit, Body body) {
  return detail::move_on(limit, std::move(body));
}

/// The same until `deadline` on the loop's clock. Counterpart: trio.move_on_at.
template <async_body Body>
HOCKET_CORO_WRAPPER coro<detail::moved_on_t<Body>> move_on_at(time_point deadline, Body body) {
  return detail::move_on(deadline, std::move(body));
}

/// Runs `body` for at most `limit`; throws `timeout_error` when that was not enough. Unlike `with_timeout`, every await of the
/// body throws once time is up. Counterpart: trio.fail_after.
template <async_body Body>
HOCKET_CORO_WRAPPER coro<detail::body_result_t<Body>> fail_after(delay limit, Body body) {
  return detail::fail(limit, std::move(body));
}

/// The same until `deadline` on the loop's clock. Counterpart: trio.fail_at.
template <async_body Body>
HOCKET_CORO_WRAPPER coro<detail::body_result_t<Body>> fail_at(time_point deadline, Body body) {
  return detail::fail(deadline, std::move(body));
}

}  // namespace hocket
