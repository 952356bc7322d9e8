#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <hocket/flow/pipe.hpp>
#include <hocket/flow/skip.hpp>
#include <hocket/flow/skiplast.hpp>
#include <hocket/flow/take.hpp>
#include <hocket/flow/takelast.hpp>

namespace hocket::flow {

namespace detail {

/// How far from the end an index below 0 is.
[[nodiscard]] inline std::ptrdiff_t from_end(std::ptrdiff_t index) noexcept {
  return index == std::numeric_limits<std::ptrdiff_t>::min() ? std::numeric_limits<std::ptrdiff_t>::max() : -index;
}

template <class T>
async_generator<T> item_at(async_generator<T> source, std::ptrdiff_t index) {
  std::optional<T> found;
  if (index >= 0) {
    for (std::ptrdiff_t at = 0; (found = co_await source.next()) && at < index; ++at) {
    }
  } else {
    const auto wanted = static_cast<std::size_t>(from_end(index));
    std::deque<T> last;
    while (auto item = co_await source.next()) {
      last.push_back(std::move(*item));
      if (last.size() > wanted) last.pop_front();
    }
    if (last.size() == wanted) found = std::move(last.front());
  }
  if (!found) throw std::out_of_range("getitem(" + std::to_string(index) + "): there are not so many items");
  co_yield std::move(*found);
}

template <class T>
async_generator<T> every(async_generator<T> source, std::ptrdiff_t step) {
  for (std::ptrdiff_t left = 0; auto item = co_await source.next(); --left) {
    if (left > 0) continue;
    co_yield std::move(*item);
    left = step;
  }
}

}  // namespace detail

/// Which items `getitem` gives, counted from the end where negative, as in Python: `{.start = 2, .stop = -1}`.
struct slice {
  std::ptrdiff_t start = 0;
  std::optional<std::ptrdiff_t> stop = {};  // none: to the end
  std::ptrdiff_t step = 1;
};

/// The item at `index`, counted from the end if that is negative. Throws std::out_of_range, to who asks for the item, if there
/// is none. Counterpart: aiostream.pipe.getitem, item.
[[nodiscard]] inline auto getitem(std::ptrdiff_t index) {
  return stage([index] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::item_at(std::move(source), index); });
}

/// The items of a slice, fewer or none if it reaches beyond them. Throws std::invalid_argument if the step is not positive, or
/// the start is counted from the end and the stop is not. Counterpart: aiostream.pipe.getitem, slice.
[[nodiscard]] inline auto getitem(slice which) {
  if (which.step < 1) throw std::invalid_argument("getitem: the step of the slice must be 1 or more");
  if (which.start < 0 && which.stop.value_or(-1) >= 0)
    throw std::invalid_argument("getitem: a slice that starts from the end cannot stop from the beginning");
  return stage([which] HOCKET_CORO_OWNING_WRAPPER(auto source) {
    const auto [start, stop, step] = which;
    if (start < 0) source = detail::takelast(std::move(source), static_cast<std::size_t>(detail::from_end(start)));
    if (start > 0) source = detail::skip(std::move(source), start);
    if (stop && *stop >= 0) source = detail::take(std::move(source), *stop - start);
    if (stop && *stop < 0)
      source = detail::skiplast(std::move(source), static_cast<std::size_t>(detail::from_end(*stop)));
    if (step > 1) source = detail::every(std::move(source), step);
    return source;
  });
}

}  // namespace hocket::flow
