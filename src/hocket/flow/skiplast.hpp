#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> skiplast(async_generator<T> source, std::size_t n) {
  std::deque<T> last;
  while (auto item = co_await source.next()) {
    last.push_back(std::move(*item));
    if (last.size() <= n) continue;
    co_yield std::move(last.front());
    last.pop_front();
  }
}

}  // namespace detail

/// All but the last `n` items; it is always `n` items behind. Throws std::invalid_argument if `n` is negative.
/// Counterpart: aiostream.pipe.skiplast.
[[nodiscard]] inline auto skiplast(std::ptrdiff_t n) {
  detail::require_at_least(0, "skiplast", n);
  return stage([n] HOCKET_CORO_OWNING_WRAPPER(auto source) {
    return detail::skiplast(std::move(source), static_cast<std::size_t>(n));
  });
}

}  // namespace hocket::flow
