#pragma once

#include <cstdint>
#include <optional>

#include <hocket/inspect/detail/walk.hpp>
#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect::detail {

/// Makes a snapshot of what was found: looks up names and places, and who waits for whom. `now` is the time in nanoseconds of a loop
/// with the system's clock; without it, as for loops with clocks of their own, all is as of when the loop last asked for the time.
[[nodiscard]] snapshot resolve(memory_cache& memory, const shown& from, const found& all,
                               std::optional<std::int64_t> now);

}  // namespace hocket::inspect::detail
