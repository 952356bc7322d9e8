#pragma once

#include <type_traits>
#include <utility>

#include <hocket/flow/detail/call.hpp>
#include <hocket/flow/detail/combine.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

struct map_options {
  /// Calls that run at the same time, each in a task of its own. With 1 there are no tasks: a call begins when the result before
  /// it was taken.
  flow::task_limit task_limit = 1;
  /// Results come in the order of the items, not as the calls end.
  bool ordered = true;
};

namespace detail {

/// The items of a `map`; says what to do instead if there would be none.
template <class Function, class T>
struct mapped_item {
  using type = call_result_t<Function&, T>;
  static_assert(!std::is_void_v<type>,
                "map needs a function that returns something: use action, or for_each at the end");
};
template <class Function, class T>
using mapped_item_t = typename mapped_item<Function, T>::type;

template <class T, class Function>
async_generator<mapped_item_t<Function, T>> map(async_generator<T> source, Function function) {
  while (auto item = co_await source.next()) {
    if constexpr (is_async_call<Function&, T>)
      co_yield co_await detail::invoke(function, std::move(*item));
    else
      co_yield detail::invoke(function, std::move(*item));
  }
}

/// Makes a source of each item: of the result of one call.
template <class Function>
struct one_call {
  template <class T>
  [[nodiscard]] HOCKET_CORO_WRAPPER async_generator<call_result_t<Function&, T>> operator()(T&& item) {
    return call(function, item);
  }
  template <class T>
  static async_generator<call_result_t<Function&, T>> call(Function& function, T& item) {
    co_yield co_await detail::invoke(function, std::move(item));
  }
  Function function;
};

}  // namespace detail

/// `function(item)` for each item; it may return an awaitable, which is awaited. Counterpart: aiostream.pipe.map.
template <class Function>
[[nodiscard]] auto map(Function function) {
  return stage([function = std::move(function)] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    return detail::map(std::move(source), std::move(function));
  });
}

/// The same for a function that returns an awaitable, with several calls at a time. The source is asked for more only while
/// there is room for one more call; a call whose result was not taken yet counts.
///
/// An error of a call comes in place of its result, one of the source at once; then, and whenever else it ends, the other
/// calls are cancelled and waited for, and the source is closed. Throws `std::invalid_argument` for a limit of 0. Counterpart:
/// aiostream.pipe.map, whose limit is infinite unless one is given.
template <class Function>
[[nodiscard]] auto map(Function function, map_options options) {
  detail::require_room(options.task_limit);
  return stage([function = std::move(function), options] HOCKET_CORO_OWNING_WRAPPER(auto source) mutable {
    static_assert(detail::is_async_call<Function&, typename decltype(source)::value_type>,
                  "only calls that can be awaited can run at the same time");
    if (options.task_limit == 1U) return detail::map(std::move(source), std::move(function));
    const auto order = options.ordered ? detail::result_order::of_their_sources : detail::result_order::as_they_come;
    return detail::combine(std::move(source), detail::one_call<Function>{std::move(function)}, options.task_limit,
                           order);
  });
}

}  // namespace hocket::flow
