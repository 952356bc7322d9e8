#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <hocket/flow/detail/require_at_least.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<std::vector<T>> chunks(async_generator<T> source, std::size_t size) {
  std::vector<T> chunk;
  while (auto item = co_await source.next()) {
    chunk.push_back(std::move(*item));
    if (chunk.size() == size) co_yield std::exchange(chunk, {});
  }
  if (!chunk.empty()) co_yield std::move(chunk);
}

}  // namespace detail

/// The items in vectors of `n`; what is left at the end is a shorter one. Throws std::invalid_argument if `n` is less than 1.
/// Counterpart: aiostream.pipe.chunks.
[[nodiscard]] inline auto chunks(std::ptrdiff_t n) {
  detail::require_at_least(1, "chunks", n);
  return stage([n] HOCKET_CORO_OWNING_WRAPPER(auto source) {
    return detail::chunks(std::move(source), static_cast<std::size_t>(n));
  });
}

}  // namespace hocket::flow
