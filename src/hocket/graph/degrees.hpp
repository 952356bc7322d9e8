#pragma once

#include <cstdint>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// How many pages link to each URL, itself counted. Redirects are no links. One pass over the links; 4 bytes a URL.
[[nodiscard]] std::vector<std::uint32_t> in_degrees(const link_graph& graph);

}  // namespace hocket::graph
