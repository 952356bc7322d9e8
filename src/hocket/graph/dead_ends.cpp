#include <hocket/graph/dead_ends.hpp>
#include <hocket/graph/html_pages.hpp>

namespace hocket::graph {

dead_ends find_dead_ends(const link_graph& graph, std::size_t at_most) {
  dead_ends found;
  for (node each = 0; each < graph.size(); ++each) {
    if (!is_read_html(graph, each) || !graph.links_from(each).empty()) continue;
    if (++found.count <= at_most) found.first.push_back(each);
  }
  return found;
}

}  // namespace hocket::graph
