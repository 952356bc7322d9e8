#pragma once

#include <concepts>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/flow/iterate.hpp>

namespace hocket::flow::detail {

/// What `iterate` makes of it.
template <class Source>
using source_of_t = decltype(iterate(std::declval<Source>()));
template <class Source>
using item_t = typename source_of_t<Source>::value_type;

/// An item of the source that a function returns when it is called so.
template <class Function, class... Args>
struct made_item {
  using source = std::invoke_result_t<Function&, Args...>;
  static_assert(iterable<source>,
                "this function must return a source itself, such as an async generator or a range, not a "
                "coroutine that gives one");
  using type = item_t<source>;
};
template <class Function, class... Args>
using made_item_t = typename made_item<Function, Args...>::type;

/// A range of sources, moved in.
template <class Range>
concept range_of_sources = std::ranges::input_range<Range> && !std::is_lvalue_reference_v<Range> &&
                           is_source<std::ranges::range_value_t<Range>>;

template <iterable First, iterable... Others>
[[nodiscard]] auto sources_of(First&& first, Others&&... others) {
  static_assert((std::same_as<item_t<First>, item_t<Others>> && ...), "these sources must have items of one type");
  std::vector<async_generator<item_t<First>>> all;
  all.reserve(1 + sizeof...(Others));
  all.push_back(iterate(std::forward<First>(first)));
  (all.push_back(iterate(std::forward<Others>(others))), ...);
  return all;
}

template <range_of_sources Range>
[[nodiscard]] auto sources_of(Range&& range) {
  std::vector<std::ranges::range_value_t<Range>> all;
  for (auto&& each : range) all.push_back(std::move(each));
  return all;
}

}  // namespace hocket::flow::detail
