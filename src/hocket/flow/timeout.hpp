#pragma once

#include <utility>

#include <hocket/core/timeout.hpp>
#include <hocket/flow/pipe.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> timeout(async_generator<T> source, duration limit) {
  while (auto item = co_await wait_for(source.next(), limit)) co_yield std::move(*item);
}

}  // namespace detail

/// Bounds how long each item may take to come: cancels a source that takes longer, and throws `timeout_error` when that has
/// ended. With a limit of zero or less there is no first item. Counterpart: aiostream.pipe.timeout.
[[nodiscard]] inline auto timeout(hocket::delay limit) {
  return stage([limit] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::timeout(std::move(source), limit); });
}

}  // namespace hocket::flow
