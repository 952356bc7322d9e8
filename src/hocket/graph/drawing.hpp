#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// As much of a graph as one can look at.
struct drawing {
  enum class content : std::uint8_t {
    all_urls,
    hosts,          // in the place of their URLs
    highest_ranks,  // the pages of highest PageRank
  };
  enum class state : std::uint8_t { fetched, broken, redirected, not_fetched };

  struct point {
    std::string name;        // a URL or a host, as it came
    double weight;           // more is larger: PageRank, or URLs of a host
    std::uint64_t urls = 1;  // of a host
    state what;
  };
  struct line {
    std::uint32_t from;
    std::uint32_t to;
    std::uint64_t links;  // at least 1
  };

  content shows = content::all_urls;
  std::vector<point> points{};
  std::vector<line> lines{};
  std::uint64_t all_points = 0;  // of the same kind, those that were left out too
};

struct drawing_options {
  std::size_t max_points = 400;
  std::size_t max_lines = 5000;  // those with most links are kept
};

/// A small graph whole; of a larger one the hosts, if pages of five or more were fetched, and otherwise the pages of highest PageRank. Of too
/// many hosts those with most URLs.
[[nodiscard]] drawing draw(const link_graph& graph, const drawing_options& options = {});

/// What it shows, in a sentence.
[[nodiscard]] std::string caption_of(const drawing& picture);

}  // namespace hocket::graph
