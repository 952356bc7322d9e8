#pragma once

#include <utility>
#include <vector>

#include <hocket/flow/detail/sources.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> chain(std::vector<async_generator<T>> sources) {
  for (auto& source : sources)
    while (auto item = co_await source.next()) co_yield std::move(*item);
}

}  // namespace detail

/// The items of the first source, then those of the second, and so on. A source begins when the one before it has ended, and
/// those that never began are only destroyed. Counterpart: aiostream.stream.chain.
template <iterable... Sources>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto chain(Sources&&... sources) {
  return detail::chain(detail::sources_of(std::forward<Sources>(sources)...));
}

/// The same for a range of sources, moved in.
template <detail::range_of_sources Range>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto chain(Range&& sources) {
  return detail::chain(detail::sources_of(std::move(sources)));
}

}  // namespace hocket::flow
