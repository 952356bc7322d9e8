#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// HyperLogLogs: about how many different ones there were, in a few kilobytes. https://redis.io/docs/latest/commands/?group=hyperloglog
template <class Issuer>
class hyperloglog_commands : public commands_base<Issuer, hyperloglog_commands<Issuer>> {
 public:
  /// Whether the estimate has changed.
  template <class... Elements>
  HOCKET_CORO_WRAPPER decltype(auto) pfadd(std::string_view key, const Elements&... elements) {
    return this->template ask<bool>(request("PFADD", key, elements...));
  }
  /// Of all keys together.
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) pfcount(const Keys&... keys) {
    return this->template ask<std::int64_t>(request("PFCOUNT", keys...).idempotent());
  }
  template <class... Keys>
  HOCKET_CORO_WRAPPER decltype(auto) pfmerge(std::string_view to, const Keys&... keys) {
    return this->template ask<void>(request("PFMERGE", to, keys...));
  }
};

}  // namespace hocket::redis
