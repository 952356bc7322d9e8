#pragma once

#include <type_traits>

#include <hocket/core/awaitable.hpp>

namespace hocket::flow::detail {

/// True if the function, called so, returns something to be awaited.
template <class Function, class... Args>
inline constexpr bool is_async_call = awaitable<std::invoke_result_t<Function, Args...>>;

template <class Function, class... Args>
struct call_result {
  using type = std::invoke_result_t<Function, Args...>;
};
template <class Function, class... Args>
  requires is_async_call<Function, Args...>
struct call_result<Function, Args...> {
  using type = await_result_t<std::invoke_result_t<Function, Args...>>;
};
/// What a call gives, after it was awaited if need be.
template <class Function, class... Args>
using call_result_t = std::remove_cvref_t<typename call_result<Function, Args...>::type>;

}  // namespace hocket::flow::detail
