#pragma once

#include <cstdint>
#include <string_view>

namespace hocket::redis {

/// How many slots the keys of a cluster are spread over.
inline constexpr std::uint16_t slot_count = 16384;

/// The slot of a key: of what stands between its first `{` and the next `}`, if anything does, else of all of it. So "{user7}.name" and
/// "{user7}.age" are in one slot, whatever the tag is.
/// Counterpart: RedisCluster.keyslot. Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model.
[[nodiscard]] std::uint16_t key_slot(std::string_view key) noexcept;

}  // namespace hocket::redis
