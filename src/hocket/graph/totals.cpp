#include <hocket/graph/totals.hpp>

namespace hocket::graph {

totals totals_of(const link_graph& graph) {
  totals sum;
  for (node each = 0; each < graph.size(); ++each) {
    const page& what = graph.page_of(each);
    if (!what.is_listed) continue;
    ++sum.pages;
    ++(what.error == 0 ? sum.ok : sum.failed);
    sum.bytes += what.bytes;
    sum.milliseconds += what.milliseconds;
    ++sum.statuses[what.status];
    ++sum.depths[what.depth];
  }
  return sum;
}

}  // namespace hocket::graph
