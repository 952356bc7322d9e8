#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// HTML pages that were read and link to nothing.
struct dead_ends {
  std::uint64_t count = 0;
  std::vector<node> first{};  // some of them
};

/// `at_most` of them are listed, by number.
[[nodiscard]] dead_ends find_dead_ends(const link_graph& graph, std::size_t at_most);

}  // namespace hocket::graph
