#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>

namespace hocket::redis {

/// Scripts in Lua. A `script` runs one by its digest. https://redis.io/docs/latest/commands/?group=scripting
template <class Issuer>
class script_commands : public commands_base<Issuer, script_commands<Issuer>> {
 public:
  /// Its result as a `T`.
  template <class T = reply, class... Args>
  HOCKET_CORO_WRAPPER decltype(auto) eval(std::string_view text, const std::vector<std::string>& keys,
                                          const Args&... args) {
    return this->template ask<T>(request("EVAL", text, keys.size(), keys, args...));
  }
  /// The same of one that the server has: `response_error` with NOSCRIPT, if it has not.
  template <class T = reply, class... Args>
  HOCKET_CORO_WRAPPER decltype(auto) evalsha(std::string_view digest, const std::vector<std::string>& keys,
                                             const Args&... args) {
    return this->template ask<T>(request("EVALSHA", digest, keys.size(), keys, args...));
  }
  /// Its digest.
  HOCKET_CORO_WRAPPER decltype(auto) script_load(std::string_view text) {
    return this->template ask<std::string>(request("SCRIPT", "LOAD", text).idempotent());
  }
};

}  // namespace hocket::redis
