#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Function, class Value>
async_generator<Value> accumulate(async_generator<T> source, Function function, std::optional<Value> value) {
  if constexpr (std::same_as<T, Value>) {
    if (!value) value = co_await source.next();
  }
  if (!value) co_return;
  co_yield *value;
  while (auto item = co_await source.next()) {
    value = co_await detail::call(function, std::move(*value), std::move(*item));
    co_yield *value;
  }
}

}  // namespace detail

/// The first item, then each time `function(last, item)`: sums, unless another function is given. It may return an awaitable.
/// What is given is copied. Counterpart: aiostream.pipe.accumulate.
template <class Function = std::plus<>>
[[nodiscard]] auto accumulate(Function function = {}) {
  return stage([function = std::move(function)]<class T> HOCKET_CORO_OWNING_WRAPPER(async_generator<T> source) mutable {
    return detail::accumulate(std::move(source), std::move(function), std::optional<T>());
  });
}
/// The same, beginning with `initializer`, which is given even if there is no item.
template <class Function, class Value>
[[nodiscard]] auto accumulate(Function function, Value initializer) {
  return stage([function = std::move(function),
                initializer = std::move(initializer)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::accumulate(std::move(source), std::move(function), std::optional<Value>(std::move(initializer)));
  });
}

}  // namespace hocket::flow
