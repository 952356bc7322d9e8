#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/redis/client.hpp>

namespace hocket::redis {

struct scan_options {
  /// Only what matches this pattern: "user:*". Empty: all.
  std::string match{};
  /// About how many the server looks at in one step; 0: as it likes.
  std::size_t count = 0;
  /// Of `scan` only: keys whose values are of this type, "hash".
  std::string type{};
};

/// All keys, step by step: those that are there all the time come at least once, others may. The client must outlive them; each step is a `call`.
/// Counterpart: Redis.scan_iter, hscan_iter, ...
[[nodiscard]] HOCKET_CORO_WRAPPER async_generator<std::string> scan(client& by, scan_options options = {});
/// The fields of a hash, with their values.
[[nodiscard]] HOCKET_CORO_WRAPPER async_generator<std::pair<std::string, std::string>> hscan(client& by,
                                                                                             std::string key,
                                                                                             scan_options options = {});
/// The members of a set.
[[nodiscard]] HOCKET_CORO_WRAPPER async_generator<std::string> sscan(client& by, std::string key,
                                                                     scan_options options = {});
/// The members of a sorted set, with their scores.
[[nodiscard]] HOCKET_CORO_WRAPPER async_generator<std::pair<std::string, double>> zscan(client& by, std::string key,
                                                                                        scan_options options = {});

}  // namespace hocket::redis
