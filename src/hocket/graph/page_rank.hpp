#pragma once

#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

struct page_rank_options {
  double damping = 0.85;    // the part of a surfer's steps that follow a link
  double tolerance = 1e-9;  // it has converged when the ranks change by less in an iteration, all together
  unsigned max_iterations = 200;
};

struct page_ranks {
  std::vector<double> values{};  // of each URL; their sum is 1
  unsigned iterations = 0;
  bool converged = false;
};

/// How often a surfer who follows links at random, and now and then begins anew anywhere, is at each URL.
///
/// A redirect is followed like an only link. From a URL that leads nowhere (a dead end, or not asked for) the surfer begins anew: its rank
/// goes to all alike. One pass over the links each iteration; 16 bytes a URL.
/// Source: Brin, Page: The Anatomy of a Large-Scale Hypertextual Web Search Engine, 1998.
[[nodiscard]] page_ranks page_rank(const link_graph& graph, const page_rank_options& options = {});

}  // namespace hocket::graph
