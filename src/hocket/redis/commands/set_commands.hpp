#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Sets. https://redis.io/docs/latest/commands/?group=set
template <class Issuer>
class set_commands : public commands_base<Issuer, set_commands<Issuer>> {
 public:
  /// How many are new.
  template <class... Members>
  HOCKET_CORO_WRAPPER decltype(auto) sadd(std::string_view key, const Members&... members) {
    return this->template ask<std::int64_t>(request("SADD", key, members...));
  }
  /// How many there were.
  template <class... Members>
  HOCKET_CORO_WRAPPER decltype(auto) srem(std::string_view key, const Members&... members) {
    return this->template ask<std::int64_t>(request("SREM", key, members...));
  }
  HOCKET_CORO_WRAPPER decltype(auto) smembers(std::string_view key) {
    return this->template ask<std::unordered_set<std::string>>(request("SMEMBERS", key).idempotent());
  }
  template <class Member>
  HOCKET_CORO_WRAPPER decltype(auto) sismember(std::string_view key, const Member& member) {
    return this->template ask<bool>(request("SISMEMBER", key, member).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) scard(std::string_view key) {
    return this->template ask<std::int64_t>(request("SCARD", key).idempotent());
  }
  /// Takes one out, anyone.
  HOCKET_CORO_WRAPPER decltype(auto) spop(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("SPOP", key));
  }
  HOCKET_CORO_WRAPPER decltype(auto) srandmember(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("SRANDMEMBER", key).idempotent());
  }
  template <class Member>
  HOCKET_CORO_WRAPPER decltype(auto) smove(std::string_view from, std::string_view to, const Member& member) {
    return this->template ask<bool>(request("SMOVE", from, to, member));
  }
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) sinter(const Keys&... keys) {
    return this->template ask<std::unordered_set<std::string>>(request("SINTER", keys...).idempotent());
  }
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) sunion(const Keys&... keys) {
    return this->template ask<std::unordered_set<std::string>>(request("SUNION", keys...).idempotent());
  }
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) sdiff(const Keys&... keys) {
    return this->template ask<std::unordered_set<std::string>>(request("SDIFF", keys...).idempotent());
  }
};

}  // namespace hocket::redis
