#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <hocket/redis/detail/redirection.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>

namespace hocket::redis::detail {

/// Who has the slots from `first` to `last`.
struct slot_range {
  std::uint16_t first;
  std::uint16_t last;
  node_address master;
  std::vector<node_address> replicas{};
};

/// What CLUSTER SLOTS has answered at `said_by`. Nodes whose address it does not know are left out, and so are slots that only such a one has. Throws
/// `response_error`, `conversion_error`.
[[nodiscard]] std::vector<slot_range> parse_slots(reply answer, std::string_view said_by);

}  // namespace hocket::redis::detail
