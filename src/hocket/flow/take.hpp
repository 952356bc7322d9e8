#pragma once

#include <cstddef>
#include <utility>

#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> take(async_generator<T> source, std::ptrdiff_t n) {
  for (; n > 0; --n) {
    auto item = co_await source.next();
    if (!item) co_return;
    co_yield std::move(*item);
  }
}

}  // namespace detail

/// The first `n` items at most. Closes its source when it is asked for one more, and asks that for none beyond.
/// Throws std::invalid_argument if `n` is negative. Counterpart: aiostream.pipe.take.
[[nodiscard]] inline auto take(std::ptrdiff_t n) {
  detail::require_at_least(0, "take", n);
  return stage([n] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::take(std::move(source), n); });
}

}  // namespace hocket::flow
