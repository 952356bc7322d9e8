#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <hocket/graph/broken_fragments.hpp>
#include <hocket/graph/broken_links.hpp>
#include <hocket/graph/dead_ends.hpp>
#include <hocket/graph/link_graph.hpp>
#include <hocket/graph/orphans.hpp>
#include <hocket/graph/page_rank.hpp>
#include <hocket/graph/redirect_chains.hpp>
#include <hocket/graph/totals.hpp>

namespace hocket::graph {

struct analysis_options {
  std::size_t top = 10;  // how many of each list
  page_rank_options ranks{};
  std::optional<std::vector<std::string>> sitemap{};  // what orphans are told by; nothing: the crawl itself
};

/// A URL, and what it has most of.
template <class Value>
struct ranked {
  node url;
  Value value;
};

/// What `hocket graph` shows.
struct analysis {
  graph::totals totals{};
  unsigned rank_iterations = 0;
  bool ranks_converged = false;
  std::vector<ranked<double>> highest_ranks{};
  std::vector<ranked<std::uint32_t>> most_linked{};   // by links to them
  std::vector<ranked<std::uint32_t>> most_linking{};  // by links from them
  std::size_t component_count = 0;
  std::vector<std::uint32_t> largest_components{};  // their sizes in URLs, the largest first
  graph::broken_links broken_links{};
  std::vector<redirect_chain> redirect_chains{};  // of two redirects or more, and circles
  graph::dead_ends dead_ends{};
  graph::orphans orphans{};
  std::optional<graph::broken_fragments>
      broken_fragments{};  // `find_broken_fragments` gives them; not a part of `analyse`
};

/// Takes time linear in the links, once for each iteration of PageRank. Blocks.
[[nodiscard]] analysis analyse(const link_graph& graph, const analysis_options& options = {});

/// As text for people, what servers chose in it without control characters.
[[nodiscard]] std::string analysis_text(const analysis& found, const link_graph& graph);

/// As JSON.
[[nodiscard]] std::string analysis_json(const analysis& found, const link_graph& graph);

}  // namespace hocket::graph
