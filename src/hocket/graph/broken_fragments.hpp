#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// A link to a place that its page does not have.
struct broken_fragment {
  node page;    // that holds the link
  node target;  // as linked to
  std::string fragment;
};

struct broken_fragments {
  std::uint64_t checked = 0;  // links with a fragment to pages that were read
  std::uint64_t count = 0;
  std::vector<broken_fragment> first{};  // some of them, in the order of the file
};

/// Looks up each link of fragments.tsv in anchors.tsv, as written and percent-decoded, redirects followed; `at_most` are listed. Links to pages that
/// were not read, or are no HTML, are not checked. Nothing if the crawl did not look at fragments. The places of all pages stand in mapped files
/// meanwhile, which take their text and about 24 bytes each.
/// Throws `hocket::error`, of a broken line by file and line.
/// Source: HTML, 7.4.6.4 (find a potential indicated element).
[[nodiscard]] std::optional<broken_fragments> find_broken_fragments(const link_graph& graph,
                                                                    const std::string& directory, std::size_t at_most,
                                                                    const graph_options& options = {});

}  // namespace hocket::graph
