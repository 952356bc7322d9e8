#pragma once

#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/detail/ending.hpp>

namespace hocket::flow {

/// Ends a pipeline: a coroutine that calls `function(item)` for each item, one after the other, and awaits what it returns if
/// that can be done. Counterpart: async for.
template <class Function>
[[nodiscard]] auto for_each(Function function) {
  return detail::ending([function = std::move(function)]<class T>(async_generator<T>& source) mutable -> coro<void> {
    static_assert(!detail::gives_source<Function&, T>,
                  "nobody would run the async generator that this function returns");
    while (auto item = co_await source.next()) co_await detail::call(function, std::move(*item));
  });
}

}  // namespace hocket::flow
