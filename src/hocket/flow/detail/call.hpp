#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>
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

/// What a plain function gave, to be awaited like what another one returns.
template <class Value>
struct given {
  [[nodiscard]] bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  Value await_resume() { return std::forward<Value>(value); }
  Value value;
};

template <class Member, class Object, class... Args>
[[nodiscard]] HOCKET_CORO_WRAPPER decltype(auto) invoke_member(Member member, Object&& object, Args&&... args) {
  if constexpr (std::is_member_object_pointer_v<Member>)
    return (std::forward<Object>(object).*member);
  else
    return (std::forward<Object>(object).*member)(std::forward<Args>(args)...);
}

/// std::invoke, which passes on no coroutines where lifetimes are checked. Members are those of objects.
template <class Function, class... Args>
HOCKET_CORO_WRAPPER decltype(auto) invoke(Function& function, Args&&... args) {
  if constexpr (std::is_member_pointer_v<Function>)
    return invoke_member(function, std::forward<Args>(args)...);
  else
    return function(std::forward<Args>(args)...);
}

/// For `co_await call(function, args...)`, whether the function returns something to be awaited or not.
template <class Function, class... Args>
[[nodiscard]] HOCKET_CORO_WRAPPER decltype(auto) call(Function& function, Args&&... args) {
  if constexpr (is_async_call<Function&, Args...>) {
    return detail::invoke(function, std::forward<Args>(args)...);
  } else if constexpr (std::is_void_v<std::invoke_result_t<Function&, Args...>>) {
    detail::invoke(function, std::forward<Args>(args)...);
    return std::suspend_never();
  } else {
    return given<std::invoke_result_t<Function&, Args...>>{detail::invoke(function, std::forward<Args>(args)...)};
  }
}

}  // namespace hocket::flow::detail
