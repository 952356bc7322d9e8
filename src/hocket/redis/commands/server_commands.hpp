#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// The server. https://redis.io/docs/latest/commands/?group=server
template <class Issuer>
class server_commands : public commands_base<Issuer, server_commands<Issuer>> {
 public:
  /// "PONG".
  decltype(auto) ping() { return this->template ask<std::string>(request("PING").idempotent()); }
  decltype(auto) echo(std::string_view text) {
    return this->template ask<std::string>(request("ECHO", text).idempotent());
  }
  decltype(auto) dbsize() { return this->template ask<std::int64_t>(request("DBSIZE").idempotent()); }
  decltype(auto) flushdb() { return this->template ask<void>(request("FLUSHDB")); }
  /// How many subscribers of this server have it.
  decltype(auto) publish(std::string_view channel, std::string_view message) {
    return this->template ask<std::int64_t>(request("PUBLISH", channel, message));
  }
  /// The same on a channel of a shard.
  decltype(auto) spublish(std::string_view channel, std::string_view message) {
    return this->template ask<std::int64_t>(request("SPUBLISH", channel, message));
  }
};

}  // namespace hocket::redis
