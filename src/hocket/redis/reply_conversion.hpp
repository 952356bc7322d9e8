#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <hocket/redis/reply.hpp>

// What `reply::as<T>()` makes of a reply:
//
//   T                        of
//   reply                    anything, errors too
//   void                     anything but an error, whose content does not matter: "OK"
//   bool                     a boolean; the integers 0 and 1; nil (false) and "OK" (true), as SET with a condition answers
//   an integer type          an integer that fits; a string that is one, as GET gives a counter
//   float, double            a double, an integer, a string that is one, as RESP2 gives a score
//   std::string              a string or big number; a number of either kind as its text
//   std::optional<T>         nil, or a T
//   std::vector<T>           an array, a set, a push; nil is none
//   std::set, unordered_set  the same
//   std::vector<pair>,       a map; an array of pairs; an array of a key, its value, the next key, ..., as RESP2 gives a map
//   std::map, unordered_map
//   std::pair, std::tuple    an array of so many

namespace hocket::redis {

namespace detail {

/// Throws the `response_error` that `found` is, or a `conversion_error`.
[[noreturn]] void refuse(const reply& found, std::string_view asked_for);
[[noreturn]] void refuse_size(std::size_t found, std::size_t asked_for);
[[nodiscard]] std::int64_t to_integer(const reply& from, std::int64_t least, std::int64_t most);
[[nodiscard]] std::uint64_t to_unsigned(const reply& from, std::uint64_t most);
[[nodiscard]] double to_real(const reply& from);
[[nodiscard]] bool to_bool(const reply& from);
[[nodiscard]] std::string to_text(reply&& from);
/// What a list is made of; none of nil.
[[nodiscard]] reply::items_type to_items(reply&& from);
/// What a map is made of: a key, its value, ...
[[nodiscard]] reply::items_type to_pairs(reply&& from);

template <class T>
[[nodiscard]] T made_of(reply&& from) {
  return reply_conversion<T>::from(std::move(from));
}

template <class List>
[[nodiscard]] List to_list(reply&& from) {
  reply::items_type items = to_items(std::move(from));
  List made;
  if constexpr (requires { made.reserve(items.size()); }) made.reserve(items.size());
  for (reply& each : items) made.insert(made.end(), made_of<typename List::value_type>(std::move(each)));
  return made;
}

template <class Key, class Value, class Map>
[[nodiscard]] Map to_map(reply&& from) {
  reply::items_type items = to_pairs(std::move(from));
  Map made;
  for (std::size_t at = 0; at + 1 < items.size(); at += 2) {
    auto key = made_of<Key>(std::move(items[at]));
    made.insert(made.end(), typename Map::value_type(std::move(key), made_of<Value>(std::move(items[at + 1]))));
  }
  return made;
}

template <class Tuple, std::size_t... At>
[[nodiscard]] Tuple to_tuple(reply&& from, std::index_sequence<At...>) {
  reply::items_type items = to_items(std::move(from));
  if (items.size() != sizeof...(At)) refuse_size(items.size(), sizeof...(At));
  return Tuple{made_of<std::tuple_element_t<At, Tuple>>(std::move(items[At]))...};
}

}  // namespace detail

template <>
struct reply_conversion<reply> {
  static reply from(reply&& value) noexcept { return std::move(value); }
};

template <>
struct reply_conversion<void> {
  static void from(reply&& value) { value.raise_for_error(); }
};

template <>
struct reply_conversion<bool> {
  static bool from(reply&& value) { return detail::to_bool(value); }
};

template <class T>
  requires std::signed_integral<T>
struct reply_conversion<T> {
  static T from(reply&& value) {
    return static_cast<T>(detail::to_integer(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
};

template <class T>
  requires(std::unsigned_integral<T> && !std::same_as<T, bool>)
struct reply_conversion<T> {
  static T from(reply&& value) { return static_cast<T>(detail::to_unsigned(value, std::numeric_limits<T>::max())); }
};

template <class T>
  requires(std::same_as<T, double> || std::same_as<T, float>)
struct reply_conversion<T> {
  static T from(reply&& value) { return static_cast<T>(detail::to_real(value)); }
};

template <>
struct reply_conversion<std::string> {
  static std::string from(reply&& value) { return detail::to_text(std::move(value)); }
};

template <class T>
struct reply_conversion<std::optional<T>> {
  static std::optional<T> from(reply&& value) {
    if (value.is_nil()) return std::nullopt;
    return detail::made_of<T>(std::move(value));
  }
};

template <class T>
struct reply_conversion<std::vector<T>> {
  static std::vector<T> from(reply&& value) { return detail::to_list<std::vector<T>>(std::move(value)); }
};
template <class T>
struct reply_conversion<std::set<T>> {
  static std::set<T> from(reply&& value) { return detail::to_list<std::set<T>>(std::move(value)); }
};
template <class T>
struct reply_conversion<std::unordered_set<T>> {
  static std::unordered_set<T> from(reply&& value) { return detail::to_list<std::unordered_set<T>>(std::move(value)); }
};

template <class Key, class Value>
struct reply_conversion<std::vector<std::pair<Key, Value>>> {
  using made = std::vector<std::pair<Key, Value>>;
  static made from(reply&& value) { return detail::to_map<Key, Value, made>(std::move(value)); }
};
template <class Key, class Value>
struct reply_conversion<std::map<Key, Value>> {
  using made = std::map<Key, Value>;
  static made from(reply&& value) { return detail::to_map<Key, Value, made>(std::move(value)); }
};
template <class Key, class Value>
struct reply_conversion<std::unordered_map<Key, Value>> {
  using made = std::unordered_map<Key, Value>;
  static made from(reply&& value) { return detail::to_map<Key, Value, made>(std::move(value)); }
};

template <class First, class Second>
struct reply_conversion<std::pair<First, Second>> {
  static std::pair<First, Second> from(reply&& value) {
    return detail::to_tuple<std::pair<First, Second>>(std::move(value), std::make_index_sequence<2>());
  }
};
template <class... Each>
struct reply_conversion<std::tuple<Each...>> {
  static std::tuple<Each...> from(reply&& value) {
    return detail::to_tuple<std::tuple<Each...>>(std::move(value), std::make_index_sequence<sizeof...(Each)>());
  }
};

}  // namespace hocket::redis
