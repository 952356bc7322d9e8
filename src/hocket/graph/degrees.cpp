#include <hocket/graph/degrees.hpp>

namespace hocket::graph {

std::vector<std::uint32_t> in_degrees(const link_graph& graph) {
  std::vector<std::uint32_t> degrees(graph.size());
  for (node page = 0; page < graph.size(); ++page)
    for (const node target : graph.links_from(page)) ++degrees[target];
  return degrees;
}

}  // namespace hocket::graph
