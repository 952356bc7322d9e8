#pragma once

#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/flow/pipe.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> spaceout(async_generator<T> source, duration interval) {
  time_point due = loop::running().time();
  while (auto item = co_await source.next()) {
    co_await sleep(due - loop::running().time());
    co_yield std::move(*item);
    due = loop::running().time_after(interval);
  }
}

/// For sources that take an interval; zero is none.
template <class T>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<T> spaced(async_generator<T> source, duration interval) {
  if (interval <= duration::zero()) return source;
  return spaceout(std::move(source), interval);
}

}  // namespace detail

/// Lets at least `interval` pass between the moment when an item has been used, that is when the next one is asked for, and
/// the next item; zero or less: a turn of the loop, for each item. Counterpart: aiostream.pipe.spaceout.
[[nodiscard]] inline auto spaceout(hocket::delay interval) {
  return stage(
      [interval] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::spaceout(std::move(source), interval); });
}

}  // namespace hocket::flow
