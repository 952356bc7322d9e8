#pragma once

#include <type_traits>
#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Function>
async_generator<call_result_t<Function&, T>> map(async_generator<T> source, Function function) {
  while (auto item = co_await source.next()) {
    if constexpr (is_async_call<Function&, T>)
      co_yield co_await function(std::move(*item));
    else
      co_yield function(std::move(*item));
  }
}

}  // namespace detail

/// `function(item)` for each item; it may return an awaitable, which is awaited. Counterpart: aiostream.pipe.map.
template <class Function>
[[nodiscard]] auto map(Function function) {
  return stage([function = std::move(function)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::map(std::move(source), std::move(function));
  });
}

}  // namespace hocket::flow
