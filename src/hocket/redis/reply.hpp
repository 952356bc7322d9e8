#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hocket::redis {

/// What a reply is. RESP2 knows nil, integers, simple and bulk strings, arrays and errors; the others came with RESP3.
enum class reply_kind : unsigned char {
  nil,
  boolean,
  integer,
  real,             ///< a double
  big_number,       ///< an integer of any size, as its digits
  simple_string,    ///< "OK": one line
  bulk_string,      ///< any bytes
  verbatim_string,  ///< text of which `format()` says what it is
  array,
  map,  ///< its items are a key, its value, the next key, ...
  set,
  push,   ///< what the server says unasked: its items are the kind ("message", "invalidate") and what that has
  error,  ///< its text begins with the code: "WRONGTYPE Operation against ..."
};

/// The kind in words: "a bulk string".
[[nodiscard]] std::string_view name_of(reply_kind kind) noexcept;

/// How a reply becomes a `T`: `static T from(reply&&)`, which throws `conversion_error` where it is no such thing. hocket has those in
/// <hocket/redis/reply_conversion.hpp>; a program may add its own.
template <class T>
struct reply_conversion;

/// What the server has answered to a command: a value that owns all of it.
/// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/.
class reply {
 public:
  using items_type = std::vector<reply>;

  /// Nil.
  reply() noexcept = default;
  explicit reply(bool value) noexcept : kind_(reply_kind::boolean), value_(value) {}
  explicit reply(std::int64_t value) noexcept : kind_(reply_kind::integer), value_(value) {}
  explicit reply(double value) noexcept : kind_(reply_kind::real), value_(value) {}
  /// Of a string, a big number, an error.
  reply(reply_kind kind, std::string text) noexcept : kind_(kind), value_(std::move(text)) {}
  /// Of an array, a map, a set, a push.
  reply(reply_kind kind, items_type items) noexcept : kind_(kind), value_(std::move(items)) {}

  [[nodiscard]] reply_kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_nil() const noexcept { return kind_ == reply_kind::nil; }
  [[nodiscard]] bool is_error() const noexcept { return kind_ == reply_kind::error; }
  /// Any string, a big number, an error.
  [[nodiscard]] bool has_text() const noexcept { return std::holds_alternative<std::string>(value_); }
  /// An array, a map, a set, a push.
  [[nodiscard]] bool has_items() const noexcept { return std::holds_alternative<items_type>(value_); }

  // Throw `conversion_error` of any other kind.
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] double real() const;
  [[nodiscard]] const std::string& text() const&;
  [[nodiscard]] std::string text() &&;
  [[nodiscard]] const items_type& items() const&;
  [[nodiscard]] items_type items() &&;

  /// The first word of an error: "ERR". Of all else empty.
  [[nodiscard]] std::string_view code() const noexcept;
  /// Three letters, of a verbatim string: "txt", "mkd". Of all else empty.
  [[nodiscard]] std::string_view format() const noexcept;
  /// What the server has said beside it: a key, its value, ... Mostly nothing.
  [[nodiscard]] const items_type& attributes() const noexcept;

  /// Throws a `response_error` if it is an error.
  void raise_for_error() const;

  /// As a type of C++: `co_await client.command("HGETALL", key)` `.as<std::map<std::string, int>>()`. Which become which stands in
  /// <hocket/redis/reply_conversion.hpp>. Throws `response_error` if it is an error, unless it is asked for as a `reply`, and
  /// `conversion_error`.
  template <class T>
  [[nodiscard]] T as() && {
    return reply_conversion<T>::from(std::move(*this));
  }
  template <class T>
  [[nodiscard]] T as() const& {
    return reply(*this).template as<T>();
  }

  void set_attributes(items_type attributes) {
    attributes_ = std::make_shared<const items_type>(std::move(attributes));
  }
  void set_format(std::string_view three_letters) noexcept { three_letters.copy(format_, sizeof(format_)); }

  /// The same kind and content; attributes do not count. NaN equals nothing.
  friend bool operator==(const reply& a, const reply& b) noexcept {
    return a.kind_ == b.kind_ && a.value_ == b.value_ && a.format() == b.format();
  }

 private:
  reply_kind kind_ = reply_kind::nil;
  char format_[3] = {};
  std::variant<std::monostate, bool, std::int64_t, double, std::string, items_type> value_;
  std::shared_ptr<const items_type> attributes_;
};

}  // namespace hocket::redis
