#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/flow/detail/feeds.hpp>
#include <hocket/flow/detail/sources.hpp>

namespace hocket::flow {

/// Given first to `zip`: the sources must be equally long.
struct strict_t {};
inline constexpr strict_t strict{};

namespace detail {

template <class... T>
async_generator<std::tuple<T...>> zip(bool equally_long, async_generator<T>... sources) {
  feeds all;
  try {
    const std::tuple<feed<T>*...> row{&all.start(sources)...};
    std::size_t come = 0;
    std::size_t ended = 0;
    while (feed_base* const from = co_await all.news()) {
      from->rethrow_error();
      ++(from->has_ended() ? ended : come);
      if (ended > 0 && !equally_long) break;
      if (ended > 0 && come > 0) throw error("zip: one source has ended before another");
      if (come < sizeof...(T)) continue;
      co_yield std::apply([](auto*... each) { return std::tuple<T...>{each->take()...}; }, row);
      come = 0;
      std::apply([](auto*... each) { (each->go_on(), ...); }, row);
    }
  } catch (...) {
    all.note(std::current_exception());
  }
  co_await all.close();
}

}  // namespace detail

/// Tuples of an item of each source, until one of them has ended. The sources run at the same time, each in a task of its own, so
/// their waits do not add up. Ends, fails and closes as `merge` does. Counterpart: aiostream.stream.zip.
template <iterable... Sources>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto zip(Sources&&... sources) {
  return detail::zip(false, iterate(std::forward<Sources>(sources))...);
}

/// The same; throws `error` if one ends before another. Counterpart: zip(strict=True).
template <iterable... Sources>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto zip(strict_t, Sources&&... sources) {
  return detail::zip(true, iterate(std::forward<Sources>(sources))...);
}

}  // namespace hocket::flow
