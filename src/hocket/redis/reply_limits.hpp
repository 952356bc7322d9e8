#pragma once

#include <cstddef>

namespace hocket::redis {

/// What a server may answer: a reply beyond ends the connection with a `protocol_error`.
struct reply_limits {
  /// Of aggregates in aggregates. Redis itself stays below 10.
  std::size_t max_depth = 32;
  /// Of one string; 512 MB, as of the server's own `proto-max-bulk-len`.
  std::size_t max_string_bytes = 512 * 1024 * 1024;
  /// Of one aggregate; a map's keys and values both count.
  std::size_t max_items = 16 * 1024 * 1024;
  /// Of all of it, as it lies in memory.
  std::size_t max_reply_bytes = 1024 * 1024 * 1024;
};

}  // namespace hocket::redis
