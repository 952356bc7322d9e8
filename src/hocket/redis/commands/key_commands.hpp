#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Keys, whatever their values are. https://redis.io/docs/latest/commands/?group=generic
template <class Issuer>
class key_commands : public commands_base<Issuer, key_commands<Issuer>> {
 public:
  /// How many there were.
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) del(const Keys&... keys) {
    return this->template ask<std::int64_t>(request("DEL", keys...));
  }
  /// The same; their memory is freed later.
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) unlink(const Keys&... keys) {
    return this->template ask<std::int64_t>(request("UNLINK", keys...));
  }
  /// How many of them there are; one that is named twice counts twice.
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) exists(const Keys&... keys) {
    return this->template ask<std::int64_t>(request("EXISTS", keys...).idempotent());
  }
  /// False: there is no such key.
  HOCKET_CORO_WRAPPER decltype(auto) expire(std::string_view key, std::chrono::milliseconds stays) {
    return this->template ask<bool>(request("PEXPIRE", key, stays.count()));
  }
  /// False: there is no such key.
  HOCKET_CORO_WRAPPER decltype(auto) expireat(std::string_view key,
                                              std::chrono::sys_time<std::chrono::milliseconds> when) {
    return this->template ask<bool>(request("PEXPIREAT", key, when.time_since_epoch().count()));
  }
  HOCKET_CORO_WRAPPER decltype(auto) persist(std::string_view key) {
    return this->template ask<bool>(request("PERSIST", key));
  }
  /// Milliseconds that it stays; -1: for ever, -2: there is no such key.
  HOCKET_CORO_WRAPPER decltype(auto) pttl(std::string_view key) {
    return this->template ask<std::int64_t>(request("PTTL", key).idempotent());
  }
  /// Seconds, else the same.
  HOCKET_CORO_WRAPPER decltype(auto) ttl(std::string_view key) {
    return this->template ask<std::int64_t>(request("TTL", key).idempotent());
  }
  /// "string", "hash", ...; "none" if there is no such key.
  HOCKET_CORO_WRAPPER decltype(auto) type(std::string_view key) {
    return this->template ask<std::string>(request("TYPE", key).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) rename(std::string_view from, std::string_view to) {
    return this->template ask<void>(request("RENAME", from, to));
  }
  /// False: there is a `to`.
  HOCKET_CORO_WRAPPER decltype(auto) renamenx(std::string_view from, std::string_view to) {
    return this->template ask<bool>(request("RENAMENX", from, to));
  }
  /// False: there is a `to`, or no `from`.
  HOCKET_CORO_WRAPPER decltype(auto) copy(std::string_view from, std::string_view to) {
    return this->template ask<bool>(request("COPY", from, to));
  }
  /// How many there are.
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) touch(const Keys&... keys) {
    return this->template ask<std::int64_t>(request("TOUCH", keys...).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) randomkey() {
    return this->template ask<std::optional<std::string>>(request("RANDOMKEY").idempotent());
  }
};

}  // namespace hocket::redis
