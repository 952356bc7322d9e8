#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <hocket/graph/broken_fragments.hpp>
#include <hocket/graph/crawl_summary.hpp>
#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

struct report_options {
  std::string title = "Crawl";
  std::size_t rows = 1000;  // of each table at most; the report says what it leaves out
  std::optional<crawl_summary> summary{};
  std::optional<broken_fragments> fragments{};
  std::string picture{};          // by `svg_of`; empty: none
  std::string picture_caption{};  // what it shows, or why there is none
};

/// A page about a crawl: totals, status codes, depths, broken links with the pages that hold them, redirect chains, slowest pages, largest hosts,
/// dead ends, the picture. One file that asks the network for nothing.
///
/// Nothing that a server chose can act in it: all texts are escaped (`markup_escaped`), only http and https URLs are links, and its content security
/// policy lets no script and no style run but its own, by their hashes. Without scripts it is complete; with them its tables sort and filter.
///
/// Some passes over the links; up to 16 bytes of memory a URL.
[[nodiscard]] std::string report_html(const link_graph& graph, const report_options& options = {});

}  // namespace hocket::graph
