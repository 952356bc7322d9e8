#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Lists. Those that wait for an item are `client`'s own. https://redis.io/docs/latest/commands/?group=list
template <class Issuer>
class list_commands : public commands_base<Issuer, list_commands<Issuer>> {
 public:
  /// These give the new length.
  template <class... Values>
  HOCKET_CORO_WRAPPER decltype(auto) lpush(std::string_view key, const Values&... values) {
    return this->template ask<std::int64_t>(request("LPUSH", key, values...));
  }
  template <class... Values>
  HOCKET_CORO_WRAPPER decltype(auto) rpush(std::string_view key, const Values&... values) {
    return this->template ask<std::int64_t>(request("RPUSH", key, values...));
  }
  HOCKET_CORO_WRAPPER decltype(auto) lpop(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("LPOP", key));
  }
  HOCKET_CORO_WRAPPER decltype(auto) rpop(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("RPOP", key));
  }
  /// So many at most.
  HOCKET_CORO_WRAPPER decltype(auto) lpop(std::string_view key, std::int64_t count) {
    return this->template ask<std::vector<std::string>>(request("LPOP", key, count));
  }
  HOCKET_CORO_WRAPPER decltype(auto) rpop(std::string_view key, std::int64_t count) {
    return this->template ask<std::vector<std::string>>(request("RPOP", key, count));
  }
  HOCKET_CORO_WRAPPER decltype(auto) llen(std::string_view key) {
    return this->template ask<std::int64_t>(request("LLEN", key).idempotent());
  }
  /// From `first` to `last`, both included; -1 is the last one.
  HOCKET_CORO_WRAPPER decltype(auto) lrange(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<std::vector<std::string>>(request("LRANGE", key, first, last).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) lindex(std::string_view key, std::int64_t at) {
    return this->template ask<std::optional<std::string>>(request("LINDEX", key, at).idempotent());
  }
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) lset(std::string_view key, std::int64_t at, const Value& value) {
    return this->template ask<void>(request("LSET", key, at, value));
  }
  /// Removes `count` that are equal, from the front; from the back, if it is negative; all, if it is 0. How many it were.
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) lrem(std::string_view key, std::int64_t count, const Value& value) {
    return this->template ask<std::int64_t>(request("LREM", key, count, value));
  }
  HOCKET_CORO_WRAPPER decltype(auto) ltrim(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<void>(request("LTRIM", key, first, last));
  }
  /// Where the first one stands that is equal; nothing: there is none.
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) lpos(std::string_view key, const Value& value) {
    return this->template ask<std::optional<std::int64_t>>(request("LPOS", key, value).idempotent());
  }
  /// The new length; -1: there is no `pivot`.
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) linsert_before(std::string_view key, std::string_view pivot, const Value& value) {
    return this->template ask<std::int64_t>(request("LINSERT", key, "BEFORE", pivot, value));
  }
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) linsert_after(std::string_view key, std::string_view pivot, const Value& value) {
    return this->template ask<std::int64_t>(request("LINSERT", key, "AFTER", pivot, value));
  }
  /// From the back of one to the front of the other; the item.
  HOCKET_CORO_WRAPPER decltype(auto) rpoplpush(std::string_view from, std::string_view to) {
    return this->template ask<std::optional<std::string>>(request("RPOPLPUSH", from, to));
  }
};

}  // namespace hocket::redis
