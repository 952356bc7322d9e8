#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>
#include <hocket/redis/stream_entry.hpp>

namespace hocket::redis {

/// Streams. Those that wait for an entry are `client`'s own. https://redis.io/docs/latest/commands/?group=stream
template <class Issuer>
class stream_commands : public commands_base<Issuer, stream_commands<Issuer>> {
 public:
  /// Fields and values, as pairs, a map or one after the other; the id of the new entry.
  template <class... Pairs>
  HOCKET_CORO_WRAPPER decltype(auto) xadd(std::string_view key, const Pairs&... pairs) {
    return this->template ask<std::string>(request("XADD", key, "*", pairs...));
  }
  /// The same, and drops the oldest beyond about `most`.
  template <class... Pairs>
  HOCKET_CORO_WRAPPER decltype(auto) xadd_trimming(std::string_view key, std::int64_t most, const Pairs&... pairs) {
    return this->template ask<std::string>(request("XADD", key, "MAXLEN", "~", most, "*", pairs...));
  }
  HOCKET_CORO_WRAPPER decltype(auto) xlen(std::string_view key) {
    return this->template ask<std::int64_t>(request("XLEN", key).idempotent());
  }
  /// Both ends are included; "-" and "+" are the first and the last.
  HOCKET_CORO_WRAPPER decltype(auto) xrange(std::string_view key, std::string_view first = "-",
                                            std::string_view last = "+") {
    return this->template ask<std::vector<stream_entry>>(request("XRANGE", key, first, last).idempotent());
  }
  /// The same, so many at most.
  HOCKET_CORO_WRAPPER decltype(auto) xrange(std::string_view key, std::string_view first, std::string_view last,
                                            std::int64_t count) {
    return this->template ask<std::vector<stream_entry>>(
        request("XRANGE", key, first, last, "COUNT", count).idempotent());
  }
  /// How many there were.
  template <class... Ids>
  HOCKET_CORO_WRAPPER decltype(auto) xdel(std::string_view key, const Ids&... ids) {
    return this->template ask<std::int64_t>(request("XDEL", key, ids...));
  }
  /// Keeps about so many, the newest; how many it dropped.
  HOCKET_CORO_WRAPPER decltype(auto) xtrim(std::string_view key, std::int64_t most) {
    return this->template ask<std::int64_t>(request("XTRIM", key, "MAXLEN", "~", most));
  }
  /// Entries behind `from` go to the group: "0", "$" for new ones. Makes the stream if there is none.
  HOCKET_CORO_WRAPPER decltype(auto) xgroup_create(std::string_view key, std::string_view group,
                                                   std::string_view from = "$") {
    return this->template ask<void>(request("XGROUP", "CREATE", key, group, from, "MKSTREAM"));
  }
  /// How many of them were waited for.
  template <class... Ids>
  HOCKET_CORO_WRAPPER decltype(auto) xack(std::string_view key, std::string_view group, const Ids&... ids) {
    return this->template ask<std::int64_t>(request("XACK", key, group, ids...).idempotent());
  }
};

}  // namespace hocket::redis
