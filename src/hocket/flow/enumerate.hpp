#pragma once

#include <cstddef>
#include <utility>

#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<std::pair<std::ptrdiff_t, T>> enumerate(async_generator<T> source, std::ptrdiff_t number,
                                                        std::ptrdiff_t step) {
  for (; auto item = co_await source.next(); number += step)
    co_yield std::pair<std::ptrdiff_t, T>(number, std::move(*item));
}

}  // namespace detail

/// Each item with its number, a std::pair: `start`, `start + step` and so on. Counterpart: aiostream.pipe.enumerate.
[[nodiscard]] inline auto enumerate(std::ptrdiff_t start = 0, std::ptrdiff_t step = 1) {
  return stage([start, step] HOCKET_CORO_OWNING_WRAPPER(auto source) {
    return detail::enumerate(std::move(source), start, step);
  });
}

}  // namespace hocket::flow
