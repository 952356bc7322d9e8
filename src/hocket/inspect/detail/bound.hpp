#pragma once

#include <cstddef>

#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect::detail {

/// Whatever a process makes a reader do is counted. Throws `unreadable`, corrupted, if there was as much before as there may be.
inline void bound(std::size_t count, std::size_t most) {
  if (count >= most)
    throw unreadable(unreadable::reason::corrupted, "what the process shows makes no sense, or is too much");
}

}  // namespace hocket::inspect::detail
