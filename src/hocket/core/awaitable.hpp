#pragma once

#include <concepts>
#include <coroutine>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>

namespace hocket {

class operation;

namespace detail {

template <class T>
concept has_member_co_await = requires(T&& value) { static_cast<T&&>(value).operator co_await(); };
template <class T>
concept has_free_co_await = requires(T&& value) { operator co_await(static_cast<T&&>(value)); };

template <class T>
decltype(auto) get_awaiter(T&& value) {
  if constexpr (has_member_co_await<T>)
    return static_cast<T&&>(value).operator co_await();
  else if constexpr (has_free_co_await<T>)
    return operator co_await(static_cast<T&&>(value));
  else
    return static_cast<T&&>(value);
}

template <class T>
concept awaiter = requires(T& value) {
  { value.await_ready() } -> std::convertible_to<bool>;
  value.await_resume();
};

}  // namespace detail

/// What can stand after `co_await` in a hocket coroutine.
template <class T>
concept awaitable = detail::has_member_co_await<T> || detail::has_free_co_await<T> || detail::awaiter<T>;

/// What `co_await` of an rvalue `T` gives.
template <awaitable T>
using await_result_t = decltype(detail::get_awaiter(std::declval<T>()).await_resume());

namespace detail {

// The compilers' own words: there is no other way to ask for a type's namespace.
template <class T>
consteval bool is_named_by_hocket() {
  constexpr std::string_view before = "T = ";
  const std::string_view words = __PRETTY_FUNCTION__;
  return words.substr(words.find(before) + before.size()).starts_with("hocket::");
}

/// Neither it nor what waits for it is hocket's, or made of hocket's: a coroutine that awaits it puts a `foreign_wait` around it.
template <class Awaitable, class Awaiter = std::remove_cvref_t<decltype(get_awaiter(std::declval<Awaitable>()))>>
inline constexpr bool is_foreign =
    !std::derived_from<Awaiter, operation> && !is_named_by_hocket<std::remove_cvref_t<Awaitable>>() &&
    !is_named_by_hocket<Awaiter>();

/// What may be given as a body: an awaitable, or something to call that returns one.
template <class Body>
HOCKET_CORO_WRAPPER decltype(auto) start_body(Body& body) {
  if constexpr (std::is_invocable_v<Body&>)
    return body();
  else
    return std::move(body);
}

template <class Body>
using body_awaitable_t = std::remove_reference_t<decltype(start_body(std::declval<Body&>()))>;

template <class Body>
using body_result_t = std::remove_cvref_t<await_result_t<body_awaitable_t<Body>>>;

}  // namespace detail

/// An awaitable, or a callable without arguments that returns one. A callable is moved to where it stays alive.
template <class T>
concept async_body = awaitable<T> || requires(T& body) {
  { body() } -> awaitable;
};

}  // namespace hocket
