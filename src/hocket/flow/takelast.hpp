#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> takelast(async_generator<T> source, std::size_t n) {
  std::deque<T> last;
  while (auto item = co_await source.next()) {
    last.push_back(std::move(*item));
    if (last.size() > n) last.pop_front();
  }
  for (T& each : last) co_yield std::move(each);
}

}  // namespace detail

/// The last `n` items at most, which it gives when the source has ended. Throws std::invalid_argument if `n` is negative.
/// Counterpart: aiostream.pipe.takelast.
[[nodiscard]] inline auto takelast(std::ptrdiff_t n) {
  detail::require_at_least(0, "takelast", n);
  return stage([n] HOCKET_CORO_OWNING_WRAPPER(auto source) {
    return detail::takelast(std::move(source), static_cast<std::size_t>(n));
  });
}

}  // namespace hocket::flow
