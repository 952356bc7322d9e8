#pragma once

#include <utility>
#include <vector>

#include <hocket/flow/detail/ending.hpp>

namespace hocket::flow {

/// Ends a pipeline: a coroutine that gives all items in a vector. Without bound: `take` first what may be endless.
/// Counterpart: aiostream.pipe.list, or an async comprehension.
[[nodiscard]] inline auto collect() {
  return detail::ending([]<class T>(async_generator<T>& source) -> coro<std::vector<T>> {
    std::vector<T> items;
    while (auto item = co_await source.next()) items.push_back(std::move(*item));
    co_return items;
  });
}

}  // namespace hocket::flow
