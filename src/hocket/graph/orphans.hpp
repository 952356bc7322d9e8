#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// URLs to which no other page links.
struct orphans {
  std::uint64_t count = 0;
  std::vector<std::string> first{};  // some of them
};

/// Those that the crawl knows all the same, such as seeds: what was fetched without an error, and nothing links or is redirected to.
/// `at_most` of them are listed, by number.
[[nodiscard]] orphans find_orphans(const link_graph& graph, std::size_t at_most);

/// Those of a sitemap, in its order, each once: the crawl knows no link to them.
[[nodiscard]] orphans find_orphans(const link_graph& graph, const std::vector<std::string>& sitemap,
                                   std::size_t at_most);

}  // namespace hocket::graph
