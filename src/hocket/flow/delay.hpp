#pragma once

#include <utility>

#include <hocket/core/sleep.hpp>
#include <hocket/flow/pipe.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> delay(async_generator<T> source, duration length) {
  co_await sleep(length);
  while (auto item = co_await source.next()) co_yield std::move(*item);
}

}  // namespace detail

/// Waits once, for `length`, before it asks for the first item. Counterpart: aiostream.pipe.delay.
[[nodiscard]] inline auto delay(hocket::delay length) {
  return stage([length] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::delay(std::move(source), length); });
}

}  // namespace hocket::flow
