#pragma once

#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T, class Function>
async_generator<T> action(async_generator<T> source, Function function) {
  static_assert(!detail::gives_source<Function&, const T&>,
                "nobody would run the async generator that this function returns");
  while (auto item = co_await source.next()) {
    co_await detail::call(function, std::as_const(*item));
    co_yield std::move(*item);
  }
}

}  // namespace detail

/// Calls `function(item)` for each item, awaits what it returns if that can be done, and gives the item on.
/// Counterpart: aiostream.pipe.action.
template <class Function>
[[nodiscard]] auto action(Function function) {
  return stage([function = std::move(function)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::action(std::move(source), std::move(function));
  });
}

}  // namespace hocket::flow
