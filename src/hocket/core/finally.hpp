#pragma once

#include <exception>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>

namespace hocket {

/// Runs `body`, then `cleanup`, whether the body returned, threw or was cancelled; gives the body's result or exception.
///
/// The cleanup is shielded: a cancellation waits until it has ended. An exception of the cleanup takes the place of the
/// body's. A cleanup given as a coroutine, not as a callable, needs no memory to begin.
/// Counterpart: try/finally with an await in it.
template <async_body Body, async_body Cleanup>
coro<detail::body_result_t<Body>> finally(Body body, Cleanup cleanup) {
  cancel_scope shield({.shield = true});
  auto cleaning = shield.run(std::move(cleanup));  // made now, for later there may be no memory for it
  result<detail::body_result_t<Body>> outcome;
  try {
    if constexpr (std::is_void_v<detail::body_result_t<Body>>)
      co_await detail::start_body(body);
    else
      outcome.set_value(co_await detail::start_body(body));
  } catch (...) {
    outcome.set_error(std::current_exception());
  }
  co_await std::move(cleaning);
  co_return outcome.take();
}

}  // namespace hocket
