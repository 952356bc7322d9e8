#pragma once

#include <utility>

#include <hocket/flow/detail/ending.hpp>
#include <hocket/flow/stream_empty.hpp>

namespace hocket::flow {

/// Ends a pipeline: a coroutine that gives the first item, and closes the rest. Throws `stream_empty` if there is none.
/// Counterpart: awaiting stream[0].
[[nodiscard]] inline auto first() {
  return detail::ending([]<class T>(async_generator<T>& source) -> coro<T> {
    auto item = co_await source.next();
    if (!item) throw stream_empty();
    co_return std::move(*item);
  });
}

}  // namespace hocket::flow
