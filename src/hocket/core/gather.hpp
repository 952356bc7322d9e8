#pragma once

#include <exception>
#include <expected>
#include <ranges>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/detail/gather_coroutines.hpp>
#include <hocket/core/detail/gather_tasks.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

/// Given first to `gather`: errors are results too.
struct return_exceptions_t {};
inline constexpr return_exceptions_t return_exceptions{};

namespace detail {

/// What a gather that throws gives: nothing if there is nothing but void.
template <class... T>
using gathered_tuple = std::conditional_t<(std::is_void_v<T> && ...), void, std::tuple<value_or_monostate<T>...>>;
template <class T>
using gathered_vector = std::conditional_t<std::is_void_v<T>, void, std::vector<value_or_monostate<T>>>;

template <class T>
using outcome_t = std::expected<T, std::exception_ptr>;

template <class Awaitable>
inline constexpr bool is_coro_of_value = false;
template <class T>
inline constexpr bool is_coro_of_value<coro<T>> = !std::is_reference_v<T>;

/// A coroutine that gives a value, for a reference has no place to be kept.
template <class Awaitable>
HOCKET_CORO_WRAPPER auto as_coro_of_value(Awaitable work) {
  if constexpr (is_coro_of_value<Awaitable>)
    return work;
  else
    return wrap(std::move(work));
}

// Of the two ways to gather, the one that fits: tasks and futures are watched, anything else is begun.
template <awaitable... Awaitables>
auto gathering(Awaitables... works) {
  if constexpr ((future_like<Awaitables> && ...))
    return gathered_tasks<Awaitables...>(std::move(works)...);
  else
    return gathered_coroutines<gathered_t<Awaitables>...>(as_coro_of_value(std::move(works))...);
}

template <awaitable Awaitable>
auto gathering(std::vector<Awaitable> works) {
  if constexpr (future_like<Awaitable>) {
    return gathered_task_vector<Awaitable>(std::move(works));
  } else if constexpr (is_coro_of_value<Awaitable>) {
    return gathered_coroutine_vector<gathered_t<Awaitable>>(std::move(works));
  } else {
    std::vector<coro<gathered_t<Awaitable>>> wrapped;
    wrapped.reserve(works.size());
    for (Awaitable& work : works) wrapped.push_back(as_coro_of_value(std::move(work)));
    return gathered_coroutine_vector<gathered_t<Awaitable>>(std::move(wrapped));
  }
}

template <class Range>
concept range_of_awaitables = std::ranges::input_range<Range> && awaitable<std::ranges::range_value_t<Range>>;

template <range_of_awaitables Range>
auto to_vector(Range&& works) {
  if constexpr (std::is_same_v<Range, std::vector<std::ranges::range_value_t<Range>>>) {
    return std::forward<Range>(works);
  } else {
    std::vector<std::ranges::range_value_t<Range>> all;
    if constexpr (std::ranges::sized_range<Range>) all.reserve(std::ranges::size(works));
    constexpr bool lends_what_it_cannot_copy = std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>> &&
                                               !std::is_copy_constructible_v<std::ranges::range_value_t<Range>>;
    for (auto&& work : works) {
      if constexpr (lends_what_it_cannot_copy)
        all.push_back(std::move(work));
      else
        all.push_back(std::forward<decltype(work)>(work));
    }
    return all;
  }
}

template <class T>
coro<gathered_vector<T>> gather_all(auto works) {
  auto wait = gathering(std::move(works));
  co_await wait.all(until::first_error);
  wait.throw_first_error();
  if constexpr (!std::is_void_v<T>) co_return wait.values();
}

template <class T>
coro<std::vector<outcome_t<T>>> gather_all_outcomes(auto works) {
  auto wait = gathering(std::move(works));
  co_await wait.all(until::all_ended);
  co_return wait.outcomes();
}

}  // namespace detail

/// Runs all of them concurrently and gives their results in the order of the arguments: nothing if all are void, otherwise a
/// tuple with `std::monostate` for void.
///
/// Coroutines begin in the next turn, as tasks; they may refer to the caller's frame, for `gather` ends only when all have:
/// the others go on when one fails, and then the first error is thrown. Of tasks and futures alone the first error is thrown at
/// once, and the others go on. Cancelling the gather cancels all of them and throws `cancelled` when they have ended. Errors that it
/// does not throw count as looked at. Counterpart: asyncio.gather.
template <awaitable... Awaitables>
auto gather(Awaitables... works) -> coro<detail::gathered_tuple<detail::gathered_t<Awaitables>...>> {
  auto wait = detail::gathering(std::move(works)...);
  co_await wait.all(detail::until::first_error);
  wait.throw_first_error();
  if constexpr (!(std::is_void_v<detail::gathered_t<Awaitables>> && ...)) co_return wait.values();
}

/// The same for a range of one kind, taken over element by element at once: gives a vector, or nothing for void. What cannot
/// be copied is moved out of it, even if it is a view of somebody's container.
template <detail::range_of_awaitables Range>
HOCKET_CORO_WRAPPER auto gather(Range works) {
  using value = detail::gathered_t<std::ranges::range_value_t<Range>>;
  return detail::gather_all<value>(detail::to_vector(std::move(works)));
}

/// As `gather`, but waits for all and gives a `std::expected<T, std::exception_ptr>` for each.
template <awaitable... Awaitables>
auto gather(return_exceptions_t, Awaitables... works)
    -> coro<std::tuple<detail::outcome_t<detail::gathered_t<Awaitables>>...>> {
  auto wait = detail::gathering(std::move(works)...);
  co_await wait.all(detail::until::all_ended);
  co_return wait.outcomes();
}

template <detail::range_of_awaitables Range>
HOCKET_CORO_WRAPPER auto gather(return_exceptions_t, Range works) {
  using value = detail::gathered_t<std::ranges::range_value_t<Range>>;
  return detail::gather_all_outcomes<value>(detail::to_vector(std::move(works)));
}

}  // namespace hocket
