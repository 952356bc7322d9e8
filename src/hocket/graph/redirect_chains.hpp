#pragma once

#include <cstddef>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// URLs of which each is redirected to the next.
struct redirect_chain {
  std::vector<node> urls;  // the last is where it ends or, in a circle, one that came before
  bool is_circle = false;
};

/// Chains of redirects from where nothing else is redirected to, and circles, in the order of their first URLs: `count` of those with at
/// least `hops` redirects, each followed `most_redirects` times at most.
[[nodiscard]] std::vector<redirect_chain> redirect_chains(const link_graph& graph, std::size_t hops, std::size_t count);

}  // namespace hocket::graph
