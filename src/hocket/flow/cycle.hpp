#pragma once

#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/flow/detail/sources.hpp>
#include <hocket/flow/empty.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
async_generator<T> cycle(async_generator<T> source) {
  std::vector<T> items;
  while (auto item = co_await source.next()) {
    items.push_back(*item);
    co_yield std::move(*item);
  }
  while (!items.empty())
    for (const T& each : items) co_yield each;
}

// The source under way is a parameter, so that it is closed with this, and the last one, so that it goes before what made it.
template <class T, class Make>
async_generator<T> cycle(Make make, async_generator<T> source) {
  for (bool is_empty = false; !is_empty;) {
    source = iterate(make());
    is_empty = true;
    while (auto item = co_await source.next()) {
      is_empty = false;
      co_yield std::move(*item);
    }
  }
}

}  // namespace detail

/// The items again and again, without end; none if there are none. Keeps them all: items must be copyable, and few.
/// Counterpart: aiostream.pipe.cycle.
[[nodiscard]] inline auto cycle() {
  return stage([] HOCKET_CORO_OWNING_WRAPPER(auto source) { return detail::cycle(std::move(source)); });
}

/// The items of one source after the other, each made by `make()`, without end, and keeps none. A source without items is the
/// last. `make` returns whatever `iterate` takes.
template <class Make>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto cycle(Make make) {
  return detail::cycle(std::move(make), flow::empty<detail::made_item_t<Make>>());
}

}  // namespace hocket::flow
