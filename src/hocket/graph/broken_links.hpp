#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// A URL that is broken, and the pages that link to it.
struct broken_target {
  node url;
  std::uint32_t link_count;
  std::vector<node> pages;  // some of them, by number
};

struct broken_links {
  std::uint64_t links = 0;    // to broken URLs, all of them
  std::uint64_t targets = 0;  // broken URLs that are linked to
  std::vector<broken_target> most_linked{};
};

/// The links that lead to nothing (`link_graph::is_broken`): `count` of the URLs, those with most links first, each with `pages_each` of the
/// pages that hold them. Two passes over the links; 4 bytes a URL.
[[nodiscard]] broken_links find_broken_links(const link_graph& graph, std::size_t count, std::size_t pages_each);

/// Why a URL is broken, in the crawler's words: its own error, or that of where it is redirected to.
[[nodiscard]] std::string_view why_broken(const link_graph& graph, node url);

}  // namespace hocket::graph
