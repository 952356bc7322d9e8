#pragma once

#include <utility>
#include <vector>

#include <hocket/core/aclosing.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
coro<std::vector<T>> collect(async_generator<T> source) {
  co_return co_await aclosing(std::move(source), [](async_generator<T>& from) -> coro<std::vector<T>> {
    std::vector<T> items;
    while (auto item = co_await from.next()) items.push_back(std::move(*item));
    co_return items;
  });
}

}  // namespace detail

/// Ends a pipeline: a coroutine that gives all items in a vector. Without bound: `take` first what may be endless.
/// Counterpart: aiostream.pipe.list, or an async comprehension.
[[nodiscard]] inline auto collect() {
  return stage([] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::collect(std::move(source)); });
}

}  // namespace hocket::flow
