#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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
  /// From the last to the first.
  HOCKET_CORO_WRAPPER decltype(auto) xrevrange(std::string_view key, std::string_view last = "+",
                                               std::string_view first = "-") {
    return this->template ask<std::vector<stream_entry>>(request("XREVRANGE", key, last, first).idempotent());
  }
  /// False: there is no such group.
  HOCKET_CORO_WRAPPER decltype(auto) xgroup_destroy(std::string_view key, std::string_view group) {
    return this->template ask<bool>(request("XGROUP", "DESTROY", key, group));
  }
  /// How many entries waited with that one, and wait with nobody now.
  HOCKET_CORO_WRAPPER decltype(auto) xgroup_delconsumer(std::string_view key, std::string_view group,
                                                        std::string_view consumer) {
    return this->template ask<std::int64_t>(request("XGROUP", "DELCONSUMER", key, group, consumer));
  }
  HOCKET_CORO_WRAPPER decltype(auto) xpending(std::string_view key, std::string_view group) {
    return this->template ask<pending_summary>(request("XPENDING", key, group).idempotent());
  }
  /// So many at most, from `first` to `last`, both included.
  HOCKET_CORO_WRAPPER decltype(auto) xpending_range(std::string_view key, std::string_view group,
                                                    std::string_view first, std::string_view last, std::int64_t count,
                                                    const pending_options& which = {}) {
    request what("XPENDING", key, group);
    if (which.idle.count() > 0) what.add("IDLE", which.idle.count());
    what.add(first, last, count);
    if (!which.consumer.empty()) what.add(which.consumer);
    return this->template ask<std::vector<pending_entry>>(std::move(what).idempotent());
  }
  /// Takes over those of these entries that were given to somebody `idle` ago at least; those that it got.
  template <class... Ids>
  HOCKET_CORO_WRAPPER decltype(auto) xclaim(std::string_view key, std::string_view group, std::string_view consumer,
                                            std::chrono::milliseconds idle, const Ids&... ids) {
    return this->template ask<std::vector<stream_entry>>(request("XCLAIM", key, group, consumer, idle.count(), ids...));
  }
  /// The same of any entries from `start` on; 0: as many as the server likes, 100.
  HOCKET_CORO_WRAPPER decltype(auto) xautoclaim(std::string_view key, std::string_view group, std::string_view consumer,
                                                std::chrono::milliseconds idle, std::string_view start = "0-0",
                                                std::int64_t count = 0) {
    request what("XAUTOCLAIM", key, group, consumer, idle.count(), start);
    if (count > 0) what.add("COUNT", count);
    return this->template ask<claimed_entries>(std::move(what));
  }
  /// How many of them were waited for.
  template <class... Ids>
  HOCKET_CORO_WRAPPER decltype(auto) xack(std::string_view key, std::string_view group, const Ids&... ids) {
    return this->template ask<std::int64_t>(request("XACK", key, group, ids...).idempotent());
  }
};

}  // namespace hocket::redis
