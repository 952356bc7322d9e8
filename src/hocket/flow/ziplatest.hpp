#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/flow/detail/feeds.hpp>
#include <hocket/flow/detail/sources.hpp>

namespace hocket::flow {

/// Given first to `ziplatest`: nothing is given before each source has had an item.
struct complete_t {};
inline constexpr complete_t complete{};

/// Given first to `ziplatest`: what stands for the sources that have had no item, a value for each.
template <class... T>
struct defaults {
  explicit defaults(T... each) : values(std::move(each)...) {}
  std::tuple<T...> values;
};

namespace detail {

/// `Row` is a tuple of the items, or of optionals.
template <class Row, class... T>
async_generator<Row> ziplatest(std::tuple<std::optional<T>...> latest, async_generator<T>... sources) {
  constexpr bool is_partial = std::is_same_v<Row, std::tuple<std::optional<T>...>>;
  feeds all;
  try {
    const std::tuple<feed<T>*...> row{&all.start(sources)...};
    while (feed_base* const from = co_await all.news()) {
      from->rethrow_error();
      if (from->has_ended()) continue;
      [&]<std::size_t... at>(std::index_sequence<at...>) {
        ((from == std::get<at>(row) ? void(std::get<at>(latest).emplace(std::get<at>(row)->take())) : void()), ...);
      }(std::index_sequence_for<T...>{});
      if constexpr (is_partial)
        co_yield latest;
      else if (std::apply([](const auto&... each) { return (each.has_value() && ...); }, latest))
        co_yield std::apply([](const auto&... each) { return Row{*each...}; }, latest);
      from->go_on();
    }
  } catch (...) {
    all.note(std::current_exception());
  }
  co_await all.close();
}

}  // namespace detail

/// At each item of any source a tuple of the latest item of every source, as optionals, until all have ended. Starts, fails and
/// closes as `merge` does. Counterpart: aiostream.stream.ziplatest.
template <iterable... Sources>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto ziplatest(Sources&&... sources) {
  using row = std::tuple<std::optional<detail::item_t<Sources>>...>;
  return detail::ziplatest<row>(row{}, iterate(std::forward<Sources>(sources))...);
}

/// The same, of plain items, from when each source has had one. Counterpart: ziplatest(partial=False).
template <iterable... Sources>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto ziplatest(complete_t, Sources&&... sources) {
  return detail::ziplatest<std::tuple<detail::item_t<Sources>...>>(
      std::tuple<std::optional<detail::item_t<Sources>>...>{}, iterate(std::forward<Sources>(sources))...);
}

/// The same, of plain items, `missing` taking the place of those that have not come. Counterpart: ziplatest(default=).
template <class... Default, iterable... Sources>
  requires(sizeof...(Default) == sizeof...(Sources))
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto ziplatest(defaults<Default...> missing, Sources&&... sources) {
  return detail::ziplatest<std::tuple<detail::item_t<Sources>...>>(
      std::tuple<std::optional<detail::item_t<Sources>>...>(std::move(missing.values)),
      iterate(std::forward<Sources>(sources))...);
}

}  // namespace hocket::flow
