#include <algorithm>
#include <cmath>

#include <hocket/graph/page_rank.hpp>
#include <hocket/graph/successors.hpp>

namespace hocket::graph {

page_ranks page_rank(const link_graph& graph, const page_rank_options& options) {
  page_ranks result;
  const node size = graph.size();
  if (size == 0) return {.converged = true};
  std::vector<double>& ranks = result.values;
  ranks.assign(size, 1.0 / size);
  std::vector<double> next(size);
  while (!result.converged && result.iterations < options.max_iterations) {
    std::ranges::fill(next, 0.0);
    double dangling = 0;
    for (node page = 0; page < size; ++page) {
      const successors to(graph, page);
      if (to.size() == 0) dangling += ranks[page];
      const double share = options.damping * ranks[page] / static_cast<double>(to.size());
      for (std::size_t n = 0; n < to.size(); ++n) next[to[n]] += share;
    }
    const double to_all = (1 - options.damping + options.damping * dangling) / size;
    double change = 0;
    for (node page = 0; page < size; ++page) {
      next[page] += to_all;
      change += std::abs(next[page] - ranks[page]);
    }
    std::swap(ranks, next);
    ++result.iterations;
    result.converged = change < options.tolerance;
  }
  return result;
}

}  // namespace hocket::graph
