#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/redis/node_address.hpp>

namespace hocket::redis::detail {

/// What MOVED and ASK say.
struct redirection {
  std::uint16_t slot;
  node_address to;
};

/// Of "MOVED 3999 127.0.0.1:6381"; an IPv6 address has no brackets there. Without a host it is the one which says that, `said_by`. Nothing: it is no such thing.
[[nodiscard]] std::optional<redirection> parse_redirection(std::string_view error, std::string_view said_by);

}  // namespace hocket::redis::detail
