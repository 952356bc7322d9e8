#pragma once

#include <utility>

#include <hocket/core/as_result.hpp>
#include <hocket/core/async_generator.hpp>

namespace hocket {

/// Gives `source` to `body` and closes it when that has ended, however it ended; gives the body's result or exception.
///
/// An exception of the closing takes the place of the body's. Not shielded: a cancel scope around it reaches into the closing.
/// Counterpart: contextlib.aclosing.
template <class T, class In, class Body>
  requires awaitable<std::invoke_result_t<Body&, async_generator<T, In>&>>
coro<std::remove_cvref_t<await_result_t<std::invoke_result_t<Body&, async_generator<T, In>&>>>> aclosing(
    async_generator<T, In> source, Body body) {
  result<std::remove_cvref_t<await_result_t<std::invoke_result_t<Body&, async_generator<T, In>&>>>> outcome;
  try {
    if constexpr (std::is_void_v<await_result_t<std::invoke_result_t<Body&, async_generator<T, In>&>>>)
      co_await body(source);
    else
      outcome.set_value(co_await body(source));
  } catch (...) {
    outcome.set_error(std::current_exception());
  }
  co_await source.close();
  co_return outcome.take();
}

}  // namespace hocket
