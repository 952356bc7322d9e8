#pragma once

#include <cstdint>
#include <vector>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect::detail {

/// For each of a loop's tasks those that it waits for, directly: that it awaits, or that hold the lock that it waits for.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> waits_of(const loop& of);

/// As `loop::deadlocks`, of its tasks.
[[nodiscard]] std::vector<deadlock> deadlocks_of(const loop& of);

}  // namespace hocket::inspect::detail
