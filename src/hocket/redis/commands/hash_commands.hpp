#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Hashes. https://redis.io/docs/latest/commands/?group=hash
template <class Issuer>
class hash_commands : public commands_base<Issuer, hash_commands<Issuer>> {
 public:
  HOCKET_CORO_WRAPPER decltype(auto) hget(std::string_view key, std::string_view field) {
    return this->template ask<std::optional<std::string>>(request("HGET", key, field).idempotent());
  }
  /// Fields and values, as pairs, a map or one after the other; how many fields are new.
  template <class... Pairs>
  HOCKET_CORO_WRAPPER decltype(auto) hset(std::string_view key, const Pairs&... pairs) {
    return this->template ask<std::int64_t>(request("HSET", key, pairs...));
  }
  /// False: there is such a field.
  template <class Value>
  HOCKET_CORO_WRAPPER decltype(auto) hsetnx(std::string_view key, std::string_view field, const Value& value) {
    return this->template ask<bool>(request("HSETNX", key, field, value));
  }
  /// A value for each field, nothing where there is none.
  template <class... Fields>
  HOCKET_CORO_WRAPPER decltype(auto) hmget(std::string_view key, const Fields&... fields) {
    return this->template ask<std::vector<std::optional<std::string>>>(request("HMGET", key, fields...).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) hgetall(std::string_view key) {
    return this->template ask<std::unordered_map<std::string, std::string>>(request("HGETALL", key).idempotent());
  }
  /// How many there were.
  template <class... Fields>
  HOCKET_CORO_WRAPPER decltype(auto) hdel(std::string_view key, const Fields&... fields) {
    return this->template ask<std::int64_t>(request("HDEL", key, fields...));
  }
  HOCKET_CORO_WRAPPER decltype(auto) hexists(std::string_view key, std::string_view field) {
    return this->template ask<bool>(request("HEXISTS", key, field).idempotent());
  }
  /// The new value.
  HOCKET_CORO_WRAPPER decltype(auto) hincrby(std::string_view key, std::string_view field, std::int64_t by) {
    return this->template ask<std::int64_t>(request("HINCRBY", key, field, by));
  }
  /// The new value.
  HOCKET_CORO_WRAPPER decltype(auto) hincrbyfloat(std::string_view key, std::string_view field, double by) {
    return this->template ask<double>(request("HINCRBYFLOAT", key, field, by));
  }
  HOCKET_CORO_WRAPPER decltype(auto) hlen(std::string_view key) {
    return this->template ask<std::int64_t>(request("HLEN", key).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) hkeys(std::string_view key) {
    return this->template ask<std::vector<std::string>>(request("HKEYS", key).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) hvals(std::string_view key) {
    return this->template ask<std::vector<std::string>>(request("HVALS", key).idempotent());
  }
};

}  // namespace hocket::redis
