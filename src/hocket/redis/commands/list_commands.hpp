#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/redis/commands/commands_base.hpp>

namespace hocket::redis {

/// Lists. Those that wait for an item are the business of `blocking_client`. https://redis.io/docs/latest/commands/?group=list
template <class Issuer>
class list_commands : public commands_base<Issuer, list_commands<Issuer>> {
 public:
  /// These give the new length.
  template <class... Values>
  [[nodiscard]] auto lpush(std::string_view key, const Values&... values) {
    return this->template ask<std::int64_t>(request("LPUSH", key, values...));
  }
  template <class... Values>
  [[nodiscard]] auto rpush(std::string_view key, const Values&... values) {
    return this->template ask<std::int64_t>(request("RPUSH", key, values...));
  }
  [[nodiscard]] auto lpop(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("LPOP", key));
  }
  [[nodiscard]] auto rpop(std::string_view key) {
    return this->template ask<std::optional<std::string>>(request("RPOP", key));
  }
  /// So many at most.
  [[nodiscard]] auto lpop(std::string_view key, std::int64_t count) {
    return this->template ask<std::vector<std::string>>(request("LPOP", key, count));
  }
  [[nodiscard]] auto rpop(std::string_view key, std::int64_t count) {
    return this->template ask<std::vector<std::string>>(request("RPOP", key, count));
  }
  [[nodiscard]] auto llen(std::string_view key) {
    return this->template ask<std::int64_t>(request("LLEN", key).idempotent());
  }
  /// From `first` to `last`, both included; -1 is the last one.
  [[nodiscard]] auto lrange(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<std::vector<std::string>>(request("LRANGE", key, first, last).idempotent());
  }
  [[nodiscard]] auto lindex(std::string_view key, std::int64_t at) {
    return this->template ask<std::optional<std::string>>(request("LINDEX", key, at).idempotent());
  }
  template <class Value>
  [[nodiscard]] auto lset(std::string_view key, std::int64_t at, const Value& value) {
    return this->template ask<void>(request("LSET", key, at, value));
  }
  /// Removes `count` that are equal, from the front; from the back, if it is negative; all, if it is 0. How many it were.
  template <class Value>
  [[nodiscard]] auto lrem(std::string_view key, std::int64_t count, const Value& value) {
    return this->template ask<std::int64_t>(request("LREM", key, count, value));
  }
  [[nodiscard]] auto ltrim(std::string_view key, std::int64_t first, std::int64_t last) {
    return this->template ask<void>(request("LTRIM", key, first, last));
  }
  /// From the back of one to the front of the other; the item.
  [[nodiscard]] auto rpoplpush(std::string_view from, std::string_view to) {
    return this->template ask<std::optional<std::string>>(request("RPOPLPUSH", from, to));
  }
};

}  // namespace hocket::redis
