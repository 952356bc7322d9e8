#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Sorted sets. Bounds of scores are numbers, or text such as "(1.5", "-inf". https://redis.io/docs/latest/commands/?group=sorted-set
template <class Issuer>
class sorted_set_commands : public commands_base<Issuer, sorted_set_commands<Issuer>> {
 public:
  /// Scores and members, as pairs or one after the other; how many are new.
  template <class... Pairs>
  HOCKET_CORO_WRAPPER decltype(auto) zadd(std::string_view key, const Pairs&... pairs) {
    return this->template ask<std::int64_t>(request("ZADD", key, pairs...));
  }
  /// How many there were.
  template <class... Members>
  HOCKET_CORO_WRAPPER decltype(auto) zrem(std::string_view key, const Members&... members) {
    return this->template ask<std::int64_t>(request("ZREM", key, members...));
  }
  /// Nothing: there is no such member.
  HOCKET_CORO_WRAPPER decltype(auto) zscore(std::string_view key, std::string_view member) {
    return this->template ask<std::optional<double>>(request("ZSCORE", key, member).idempotent());
  }
  /// The new score.
  HOCKET_CORO_WRAPPER decltype(auto) zincrby(std::string_view key, double by, std::string_view member) {
    return this->template ask<double>(request("ZINCRBY", key, by, member));
  }
  HOCKET_CORO_WRAPPER decltype(auto) zcard(std::string_view key) {
    return this->template ask<std::int64_t>(request("ZCARD", key).idempotent());
  }
  template <class Least, class Most>
  HOCKET_CORO_WRAPPER decltype(auto) zcount(std::string_view key, const Least& least, const Most& most) {
    return this->template ask<std::int64_t>(request("ZCOUNT", key, least, most).idempotent());
  }
  /// By rank, the lowest score first; both ends are included, -1 is the last.
  HOCKET_CORO_WRAPPER decltype(auto) zrange(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<std::vector<std::string>>(request("ZRANGE", key, first, last).idempotent());
  }
  HOCKET_CORO_WRAPPER decltype(auto) zrange_withscores(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<std::vector<std::pair<std::string, double>>>(
        request("ZRANGE", key, first, last, "WITHSCORES").idempotent());
  }
  /// By score.
  template <class Least, class Most>
  HOCKET_CORO_WRAPPER decltype(auto) zrangebyscore(std::string_view key, const Least& least, const Most& most) {
    return this->template ask<std::vector<std::string>>(request("ZRANGEBYSCORE", key, least, most).idempotent());
  }
  /// The same, so many at most.
  template <class Least, class Most>
  HOCKET_CORO_WRAPPER decltype(auto) zrangebyscore(std::string_view key, const Least& least, const Most& most,
                                                   std::int64_t count) {
    return this->template ask<std::vector<std::string>>(
        request("ZRANGEBYSCORE", key, least, most, "LIMIT", 0, count).idempotent());
  }
  /// From 0, the lowest score; nothing: there is no such member.
  HOCKET_CORO_WRAPPER decltype(auto) zrank(std::string_view key, std::string_view member) {
    return this->template ask<std::optional<std::int64_t>>(request("ZRANK", key, member).idempotent());
  }
  /// Takes out those of the lowest scores, so many at most.
  HOCKET_CORO_WRAPPER decltype(auto) zpopmin(std::string_view key, std::int64_t count = 1) {
    return this->template ask<std::vector<std::pair<std::string, double>>>(request("ZPOPMIN", key, count));
  }
  HOCKET_CORO_WRAPPER decltype(auto) zpopmax(std::string_view key, std::int64_t count = 1) {
    return this->template ask<std::vector<std::pair<std::string, double>>>(request("ZPOPMAX", key, count));
  }
  /// How many it were.
  template <class Least, class Most>
  HOCKET_CORO_WRAPPER decltype(auto) zremrangebyscore(std::string_view key, const Least& least, const Most& most) {
    return this->template ask<std::int64_t>(request("ZREMRANGEBYSCORE", key, least, most));
  }
  HOCKET_CORO_WRAPPER decltype(auto) zremrangebyrank(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<std::int64_t>(request("ZREMRANGEBYRANK", key, first, last));
  }
};

}  // namespace hocket::redis
