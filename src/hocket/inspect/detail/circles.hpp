#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hocket::inspect::detail {

/// Of each node of a graph the number of its strongly connected component, less than how many nodes there are: two have the same if each can be reached from the other. `edges`
/// are the nodes that each one leads to.
[[nodiscard]] std::vector<std::uint32_t> circles_of(std::span<const std::vector<std::uint32_t>> edges);

}  // namespace hocket::inspect::detail
