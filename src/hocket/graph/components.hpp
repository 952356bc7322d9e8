#pragma once

#include <cstdint>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// The parts of a graph in which one comes from each URL to each other one.
struct components {
  std::vector<std::uint32_t> of{};     // each URL: the number of its component
  std::vector<std::uint32_t> sizes{};  // of each component, in URLs
};

/// The strongly connected components, redirects counted as links. A component's number is higher than those of all that it leads to.
/// Time linear in links and URLs; up to 24 bytes a URL, and no recursion.
/// Source: Tarjan: Depth-First Search and Linear Graph Algorithms, 1972.
[[nodiscard]] components strongly_connected_components(const link_graph& graph);

}  // namespace hocket::graph
