#include <algorithm>

#include <hocket/graph/analysis.hpp>
#include <hocket/graph/components.hpp>
#include <hocket/graph/degrees.hpp>
#include <hocket/graph/most.hpp>

namespace hocket::graph {
namespace {

template <class Value, class ValueOf>
std::vector<ranked<Value>> highest(const link_graph& graph, std::size_t count, ValueOf value_of) {
  std::vector<ranked<Value>> found;
  for (const node each : most(graph.size(), count, value_of)) found.push_back({each, value_of(each)});
  return found;
}

}  // namespace

// One after the other: what each needs for all URLs is gone before the next one begins.
analysis analyse(const link_graph& graph, const analysis_options& options) {
  const std::size_t top = options.top;
  analysis found;
  found.totals = totals_of(graph);
  {
    const page_ranks ranks = page_rank(graph, options.ranks);
    found.rank_iterations = ranks.iterations;
    found.ranks_converged = ranks.converged;
    found.highest_ranks = highest<double>(graph, top, [&](node each) { return ranks.values[each]; });
  }
  {
    const auto degrees = in_degrees(graph);
    found.most_linked = highest<std::uint32_t>(graph, top, [&](node each) { return degrees[each]; });
  }
  found.most_linking = highest<std::uint32_t>(
      graph, top, [&](node each) { return static_cast<std::uint32_t>(graph.links_from(each).size()); });
  {
    components parts = strongly_connected_components(graph);
    found.component_count = parts.sizes.size();
    std::ranges::sort(parts.sizes, std::greater{});
    parts.sizes.resize(std::min(top, parts.sizes.size()));
    found.largest_components = std::move(parts.sizes);
  }
  found.broken_links = find_broken_links(graph, top, top);
  found.redirect_chains = redirect_chains(graph, 2, top);
  found.dead_ends = find_dead_ends(graph, top);
  found.orphans = options.sitemap ? find_orphans(graph, *options.sitemap, top) : find_orphans(graph, top);
  return found;
}

}  // namespace hocket::graph
