#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/flow/map.hpp>

namespace hocket::flow {

namespace detail {

/// Calls a function with the parts of a tuple.
template <class Function>
struct applied {
  template <class Tuple>
  HOCKET_CORO_WRAPPER decltype(auto) operator()(Tuple&& tuple) {
    return with_parts(std::forward<Tuple>(tuple),
                      std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Tuple>>>());
  }
  template <class Tuple, std::size_t... Parts>
  HOCKET_CORO_WRAPPER decltype(auto) with_parts(Tuple&& tuple, std::index_sequence<Parts...>) {
    return function(std::get<Parts>(std::forward<Tuple>(tuple))...);
  }
  Function function;
};

}  // namespace detail

/// `function(parts...)` for each item, which is a tuple, a pair or an array; otherwise `map`: it may return an awaitable.
/// Counterpart: aiostream.pipe.starmap.
template <class Function>
[[nodiscard]] auto starmap(Function function) {
  return flow::map(detail::applied<Function>{std::move(function)});
}

/// The same with several calls at a time.
template <class Function>
[[nodiscard]] auto starmap(Function function, map_options options) {
  return flow::map(detail::applied<Function>{std::move(function)}, options);
}

}  // namespace hocket::flow
