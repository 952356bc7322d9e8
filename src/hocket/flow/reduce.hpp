#pragma once

#include <concepts>
#include <optional>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/detail/ending.hpp>
#include <hocket/flow/stream_empty.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Function, class Value>
coro<Value> reduce(async_generator<T>& source, Function& function, std::optional<Value> value) {
  if constexpr (std::same_as<T, Value>) {
    if (!value) value = co_await source.next();
  }
  if (!value) throw stream_empty();
  while (auto item = co_await source.next())
    value = co_await detail::call(function, std::move(*value), std::move(*item));
  co_return std::move(*value);
}

}  // namespace detail

/// Ends a pipeline: a coroutine that gives `function(...function(function(first, second), third)..., last)`, the only item if
/// there is but one. The function may return an awaitable. Throws `stream_empty` if there is no item.
/// Counterpart: aiostream.pipe.reduce, awaited.
template <class Function>
[[nodiscard]] auto reduce(Function function) {
  return detail::ending(
      [function = std::move(function)]<class T> HOCKET_CORO_WRAPPER(async_generator<T> & source) mutable {
        return detail::reduce(source, function, std::optional<T>());
      });
}
/// The same, beginning with `initializer`, which is the result if there is no item.
template <class Function, class Value>
[[nodiscard]] auto reduce(Function function, Value initializer) {
  return detail::ending(
      [function = std::move(function), initializer = std::optional<Value>(std::move(initializer))] HOCKET_CORO_WRAPPER(
          auto& source) mutable { return detail::reduce(source, function, std::move(initializer)); });
}

}  // namespace hocket::flow
