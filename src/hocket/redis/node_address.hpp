#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace hocket::redis {

/// Where a server is: one node of a cluster, one of the sentinels.
struct node_address {
  /// A name or an address.
  std::string host;
  std::uint16_t port = 0;

  friend auto operator<=>(const node_address&, const node_address&) = default;
};

}  // namespace hocket::redis
