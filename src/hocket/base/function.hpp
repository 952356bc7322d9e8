#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>

namespace hocket {

namespace detail {

template <class Callable, class Result, class... Args>
concept callable_as = requires(Callable& callable, Args&&... args) {
  callable(std::forward<Args>(args)...);
  requires std::is_void_v<Result> || std::convertible_to<decltype(callable(std::forward<Args>(args)...)), Result>;
};

}  // namespace detail

template <class Signature>
class function;

/// Anything that can be called so, owned: lambdas, function pointers, objects. Can be moved but not copied, and so may what it
/// holds. Callables of up to three pointers that move without throwing are kept inside, others on the heap.
///
/// What it holds lives exactly as long as it does: a coroutine that it returned may still use the captures of a lambda, so the
/// function must outlive it, and not be moved meanwhile. Calling an empty one throws std::bad_function_call.
///
/// hocket's own because std::function and std::move_only_function return coroutines through functions of the standard
/// library, which Clang's lifetime checks refuse. Counterpart: std::move_only_function.
template <class Result, class... Args>
class function<Result(Args...)> {
 public:
  function() noexcept = default;

  template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, function> &&
             detail::callable_as<std::decay_t<Callable>, Result, Args...>)
  function(Callable&& callable) {
    using held = std::decay_t<Callable>;
    if constexpr (fits<held>)
      std::construct_at(reinterpret_cast<held*>(place_.bytes), std::forward<Callable>(callable));
    else
      place_.elsewhere = new held(std::forward<Callable>(callable));
    call_ = &call<held>;
    manage_ = &manage<held>;
  }

  function(function&& other) noexcept { take(other); }
  function& operator=(function&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~function() { clear(); }

  explicit operator bool() const noexcept { return call_ != nullptr; }

  HOCKET_CORO_WRAPPER Result operator()(Args... args) {
    if (call_ == nullptr) throw std::bad_function_call();
    return call_(place_, std::forward<Args>(args)...);
  }

 private:
  union place {
    void* elsewhere;
    alignas(void*) std::byte bytes[3 * sizeof(void*)];
  };

  template <class Held>
  static constexpr bool fits =
      sizeof(Held) <= sizeof(place) && alignof(Held) <= alignof(place) && std::is_nothrow_move_constructible_v<Held>;

  template <class Held>
  static Held& held_in(place& where) noexcept {
    if constexpr (fits<Held>)
      return *std::launder(reinterpret_cast<Held*>(where.bytes));
    else
      return *static_cast<Held*>(where.elsewhere);
  }

  template <class Held>
  HOCKET_CORO_WRAPPER static Result call(place& where, Args&&... args) {
    if constexpr (std::is_void_v<Result>)
      static_cast<void>(held_in<Held>(where)(std::forward<Args>(args)...));
    else
      return held_in<Held>(where)(std::forward<Args>(args)...);
  }

  /// Moves what `from` holds to `to`, or destroys it if `to` is null.
  template <class Held>
  static void manage(place& from, place* to) noexcept {
    if constexpr (fits<Held>) {
      Held& held = held_in<Held>(from);
      if (to != nullptr) std::construct_at(reinterpret_cast<Held*>(to->bytes), std::move(held));
      std::destroy_at(&held);
    } else if (to != nullptr) {
      to->elsewhere = from.elsewhere;
    } else {
      delete &held_in<Held>(from);
    }
  }

  void take(function& other) noexcept {
    if (!other) return;
    other.manage_(other.place_, &place_);
    call_ = std::exchange(other.call_, nullptr);
    manage_ = std::exchange(other.manage_, nullptr);
  }

  void clear() noexcept {
    if (call_ == nullptr) return;
    manage_(place_, nullptr);
    call_ = nullptr;
    manage_ = nullptr;
  }

  place place_{};
  Result (*call_)(place&, Args&&...) = nullptr;
  void (*manage_)(place&, place*) noexcept = nullptr;
};

}  // namespace hocket
