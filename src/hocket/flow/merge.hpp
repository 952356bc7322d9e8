#pragma once

#include <utility>
#include <vector>

#include <hocket/flow/detail/feeds.hpp>
#include <hocket/flow/detail/sources.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> merge(std::vector<async_generator<T>> sources) {
  feeds all;
  try {
    for (auto& source : sources) all.start(source);
    while (feed_base* const from = co_await all.news()) {
      if (from->has_ended()) {
        all.remove(*from);
      } else {
        co_yield static_cast<feed<T>*>(from)->take();
        from->go_on();
      }
    }
  } catch (...) {
    all.note(std::current_exception());
  }
  co_await all.close();
}

}  // namespace detail

/// The items of all sources as they come, until all have ended. The sources run at the same time, each in a task of its own; a
/// source that always has an item holds none of the others up. Each is at most one item ahead of who takes them.
///
/// A source that fails ends the others, and its error is thrown. When the merge is closed, fails or is cancelled, the sources
/// are cancelled, waited for (deaf to further cancellation), and then closed in their order; items that were not taken are lost.
/// Dropped at rest, it leaves the sources to close by themselves: those that refer to what they do not own need `aclosing`.
/// Counterpart: aiostream.stream.merge, which prefers the sources in their order.
template <iterable... Sources>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto merge(Sources&&... sources) {
  return detail::merge(detail::sources_of(std::forward<Sources>(sources)...));
}

/// The same for a range of sources, moved in.
template <detail::range_of_sources Range>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto merge(Range&& sources) {
  return detail::merge(detail::sources_of(std::move(sources)));
}

}  // namespace hocket::flow
