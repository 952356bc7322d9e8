#pragma once

#include <ranges>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/generator.hpp>

namespace hocket::flow {

namespace detail {

template <class T>
inline constexpr bool is_source = false;
template <class T>
inline constexpr bool is_source<async_generator<T>> = true;

template <class Range>
async_generator<std::ranges::range_value_t<Range>> each_of(Range range) {
  for (auto&& item : range) co_yield static_cast<std::ranges::range_value_t<Range>>(std::forward<decltype(item)>(item));
}

}  // namespace detail

/// What a pipeline may begin with: an async generator, moved in, or an input range, which is copied or moved in.
template <class T>
concept iterable = (detail::is_source<std::remove_cvref_t<T>> && !std::is_lvalue_reference_v<T>) ||
                   std::ranges::input_range<std::remove_cvref_t<T>>;

/// The items of `source`, one after the other. Counterpart: aiostream.stream.iterate.
template <iterable Source>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto iterate(Source&& source) {
  if constexpr (detail::is_source<std::remove_cvref_t<Source>>)
    return std::remove_cvref_t<Source>(std::move(source));
  else
    return detail::each_of<std::remove_cvref_t<Source>>(std::forward<Source>(source));
}

}  // namespace hocket::flow
