#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>
#include <hocket/redis/commands/set_options.hpp>

namespace hocket::redis {

/// Strings, and numbers in them. https://redis.io/docs/latest/commands/?group=string
template <class Issuer>
class string_commands : public commands_base<Issuer, string_commands<Issuer>> {
 public:
  /// Nothing: there is no such key.
  HOCKET_CORO_WRAPPER decltype(auto) get(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("GET", key).idempotent());
  }
  /// False: the condition of `how` did not hold.
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) set(std::string_view key, const Value& value, const set_options& how = {}) {
    return this->template ask<bool>(request("SET", key, value, how.words()));
  }
  /// A value for each key, nothing where there is none.
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) mget(const Keys&... keys) {
    return this->template ask<std::vector<std::optional<std::string>>>(request("MGET", keys...).idempotent());
  }
  /// Keys and values, as pairs, a map or one after the other; all at once.
  template <class... Pairs>
  HOCKET_CORO_WRAPPER decltype(auto) mset(const Pairs&... pairs) {
    return this->template ask<void>(request("MSET", pairs...));
  }
  /// The value, and deletes it.
  HOCKET_CORO_WRAPPER decltype(auto) getdel(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("GETDEL", key));
  }
  /// The value, and sets how long it stays.
  HOCKET_CORO_WRAPPER decltype(auto) getex(std::string_view key, std::chrono::milliseconds stays) {
    return this->template ask<std::optional<std::string>>(request("GETEX", key, "PX", stays.count()));
  }
  /// These give the new value.
  HOCKET_CORO_WRAPPER decltype(auto) incrby(std::string_view key, std::int64_t by) {
    return this->template ask<std::int64_t>(request("INCRBY", key, by));
  }
  HOCKET_CORO_WRAPPER decltype(auto) incr(std::string_view key) {
    return this->template ask<std::int64_t>(request("INCR", key));
  }
  HOCKET_CORO_WRAPPER decltype(auto) decr(std::string_view key) {
    return this->template ask<std::int64_t>(request("DECR", key));
  }
  HOCKET_CORO_WRAPPER decltype(auto) decrby(std::string_view key, std::int64_t by) {
    return this->template ask<std::int64_t>(request("DECRBY", key, by));
  }
  HOCKET_CORO_WRAPPER decltype(auto) incrbyfloat(std::string_view key, double by) {
    return this->template ask<double>(request("INCRBYFLOAT", key, by));
  }
  /// False: one of the keys is there, and nothing was set.
  template <class... Pairs>
  HOCKET_CORO_WRAPPER decltype(auto) msetnx(const Pairs&... pairs) {
    return this->template ask<bool>(request("MSETNX", pairs...));
  }
  /// What the bit was.
  HOCKET_CORO_WRAPPER decltype(auto) setbit(std::string_view key, std::uint64_t offset, bool bit) {
    return this->template ask<bool>(request("SETBIT", key, offset, bit ? 1 : 0));
  }
  HOCKET_CORO_WRAPPER decltype(auto) getbit(std::string_view key, std::uint64_t offset) {
    return this->template ask<bool>(request("GETBIT", key, offset).idempotent());
  }
  /// How many are set.
  HOCKET_CORO_WRAPPER decltype(auto) bitcount(std::string_view key) {
    return this->template ask<std::int64_t>(request("BITCOUNT", key).idempotent());
  }
  /// These give the new length.
  HOCKET_CORO_WRAPPER decltype(auto) append(std::string_view key, std::string_view value) {
    return this->template ask<std::int64_t>(request("APPEND", key, value));
  }
  HOCKET_CORO_WRAPPER decltype(auto) setrange(std::string_view key, std::int64_t offset, std::string_view value) {
    return this->template ask<std::int64_t>(request("SETRANGE", key, offset, value));
  }
  HOCKET_CORO_WRAPPER decltype(auto) getrange(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<std::string>(request("GETRANGE", key, first, last).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) strlen(std::string_view key) {
    return this->template ask<std::int64_t>(request("STRLEN", key).idempotent());
  }
};

}  // namespace hocket::redis
