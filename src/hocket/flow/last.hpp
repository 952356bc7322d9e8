#pragma once

#include <optional>
#include <utility>

#include <hocket/flow/detail/ending.hpp>
#include <hocket/flow/stream_empty.hpp>

namespace hocket::flow {

/// Ends a pipeline: a coroutine that runs it to its end and gives the last item. Throws `stream_empty` if there is none.
/// Counterpart: awaiting a stream.
[[nodiscard]] inline auto last() {
  return detail::ending([]<class T>(async_generator<T>& source) -> coro<T> {
    std::optional<T> latest;
    while (auto item = co_await source.next()) latest = std::move(item);
    if (!latest) throw stream_empty();
    co_return std::move(*latest);
  });
}

}  // namespace hocket::flow
