#pragma once

#include <cstddef>
#include <utility>

#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> skip(async_generator<T> source, std::ptrdiff_t n) {
  for (; n > 0; --n)
    if (!co_await source.next()) co_return;
  while (auto item = co_await source.next()) co_yield std::move(*item);
}

}  // namespace detail

/// All but the first `n` items. Throws std::invalid_argument if `n` is negative. Counterpart: aiostream.pipe.skip.
[[nodiscard]] inline auto skip(std::ptrdiff_t n) {
  detail::require_at_least(0, "skip", n);
  return stage([n] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::skip(std::move(source), n); });
}

}  // namespace hocket::flow
