#pragma once

#include <concepts>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/generator.hpp>
#include <hocket/flow/detail/call.hpp>
#include <hocket/sync/queue.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
inline constexpr bool is_source = false;
template <class T>
inline constexpr bool is_source<async_generator<T>> = true;

/// True if the function, called so, returns an async generator.
template <class Function, class... Args>
inline constexpr bool gives_source = is_source<std::remove_cvref_t<std::invoke_result_t<Function, Args...>>>;

template <class T>
inline constexpr bool is_queue = false;
template <class Item, class Storage>
inline constexpr bool is_queue<basic_queue<Item, Storage>> = true;

struct next_of {
  template <class Source>
  HOCKET_CORO_WRAPPER auto operator()(Source& source) const -> decltype(source.next()) {
    return source.next();
  }
};

/// Gives an optional item each time that it is asked for the next one, at once or to be awaited.
template <class T>
concept stepwise = std::move_constructible<T> && std::invocable<next_of, T&> &&
                   requires { typename call_result_t<const next_of&, T&>::value_type; };

template <class Source>
async_generator<typename call_result_t<const next_of&, Source&>::value_type> each_next(Source source) {
  Source kept = std::move(source);  // until this ends, not until its frame goes
  const next_of next;
  while (auto item = co_await detail::call(next, kept)) co_yield std::move(*item);
}

// A container is the pipeline's own, and so are its items; those that a view shows are not.
template <class Range>
async_generator<std::ranges::range_value_t<Range>> each_of(Range range) {
  for (auto&& item : range) {
    if constexpr (std::ranges::view<Range>)
      co_yield static_cast<std::ranges::range_value_t<Range>>(std::forward<decltype(item)>(item));
    else
      co_yield static_cast<std::ranges::range_value_t<Range>>(std::move(item));
  }
}

template <class Item, class Storage>
async_generator<Item> each_from(basic_queue<Item, Storage>& queue) {
  while (true) {
    std::optional<Item> item;
    try {
      item = co_await queue.get();
    } catch (const queue_shut_down&) {
      co_return;
    }
    co_yield std::move(*item);
  }
}

}  // namespace detail

/// What a pipeline may begin with: see `iterate`.
template <class T>
concept iterable = (detail::is_source<std::remove_cvref_t<T>> && !std::is_lvalue_reference_v<T>) ||
                   (std::constructible_from<std::remove_cvref_t<T>, T> &&
                    (detail::stepwise<std::remove_cvref_t<T>> || std::ranges::input_range<std::remove_cvref_t<T>>)) ||
                   (detail::is_queue<std::remove_reference_t<T>> && std::is_lvalue_reference_v<T>);

/// The items of `source`, one after the other:
///
/// - an async generator, moved in: that itself;
/// - a range, copied or moved in; a container's items are moved out of it;
/// - what has a `next()` that gives an optional item, moved in: a `generator`, the receiving end of a memory channel. It is let
///   go when the items end or are wanted no more;
/// - a queue, borrowed, until it is shut down. `task_done` remains to be called by who uses the items.
///
/// Ranges and generators never wait: between their items nothing else runs unless a later stage waits.
/// Counterpart: aiostream.stream.iterate.
template <iterable Source>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto iterate(Source&& source) {
  using source_type = std::remove_cvref_t<Source>;
  if constexpr (detail::is_source<source_type>)
    return source_type(std::move(source));
  else if constexpr (detail::is_queue<source_type>)
    return detail::each_from(source);
  else if constexpr (detail::stepwise<source_type>)
    return detail::each_next<source_type>(std::forward<Source>(source));
  else
    return detail::each_of<source_type>(std::forward<Source>(source));
}

}  // namespace hocket::flow
