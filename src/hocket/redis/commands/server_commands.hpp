#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// The server. https://redis.io/docs/latest/commands/?group=server
template <class Issuer>
class server_commands : public commands_base<Issuer, server_commands<Issuer>> {
 public:
  /// "PONG".
  HOCKET_CORO_WRAPPER decltype(auto) ping() { return this->template ask<std::string>(request("PING").idempotent()); }
  HOCKET_CORO_WRAPPER decltype(auto) echo(std::string_view text) {
    return this->template ask<std::string>(request("ECHO", text).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) dbsize() {
    return this->template ask<std::int64_t>(request("DBSIZE").idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) flushdb() { return this->template ask<void>(request("FLUSHDB")); }
  /// How many subscribers of this server have it.
  HOCKET_CORO_WRAPPER decltype(auto) publish(std::string_view channel, std::string_view message) {
    return this->template ask<std::int64_t>(request("PUBLISH", channel, message));
  }
  /// The same on a channel of a shard.
  HOCKET_CORO_WRAPPER decltype(auto) spublish(std::string_view channel, std::string_view message) {
    return this->template ask<std::int64_t>(request("SPUBLISH", channel, message));
  }
};

}  // namespace hocket::redis
