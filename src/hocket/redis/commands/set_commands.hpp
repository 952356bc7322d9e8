#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Sets. https://redis.io/docs/latest/commands/?group=set
template <class Issuer>
class set_commands : public commands_base<Issuer, set_commands<Issuer>> {
 public:
  /// How many are new.
  template <class... Members>
  decltype(auto) sadd(std::string_view key, const Members&... members) {
    return this->template ask<std::int64_t>(request("SADD", key, members...));
  }
  /// How many there were.
  template <class... Members>
  decltype(auto) srem(std::string_view key, const Members&... members) {
    return this->template ask<std::int64_t>(request("SREM", key, members...));
  }
  decltype(auto) smembers(std::string_view key) {
    return this->template ask<std::unordered_set<std::string>>(request("SMEMBERS", key).idempotent());
  }
  template <class Member>
  decltype(auto) sismember(std::string_view key, const Member& member) {
    return this->template ask<bool>(request("SISMEMBER", key, member).idempotent());
  }
  decltype(auto) scard(std::string_view key) {
    return this->template ask<std::int64_t>(request("SCARD", key).idempotent());
  }
  /// Takes one out, anyone.
  decltype(auto) spop(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("SPOP", key));
  }
  decltype(auto) srandmember(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("SRANDMEMBER", key).idempotent());
  }
  template <class Member>
  decltype(auto) smove(std::string_view from, std::string_view to, const Member& member) {
    return this->template ask<bool>(request("SMOVE", from, to, member));
  }
  template <class... Keys>
  decltype(auto) sinter(const Keys&... keys) {
    return this->template ask<std::unordered_set<std::string>>(request("SINTER", keys...).idempotent());
  }
  template <class... Keys>
  decltype(auto) sunion(const Keys&... keys) {
    return this->template ask<std::unordered_set<std::string>>(request("SUNION", keys...).idempotent());
  }
  template <class... Keys>
  decltype(auto) sdiff(const Keys&... keys) {
    return this->template ask<std::unordered_set<std::string>>(request("SDIFF", keys...).idempotent());
  }
};

}  // namespace hocket::redis
