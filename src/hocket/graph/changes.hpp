#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// How many of what differs between two crawls.
struct change_counts {
  std::uint64_t fresh = 0;    // pages that were not there before
  std::uint64_t gone = 0;     // pages that are not there any more
  std::uint64_t changed = 0;  // in content, status, or in where they are
  std::uint64_t broken = 0;   // URLs that are broken now, and were not
  std::uint64_t mended = 0;   // and the other way round
  std::uint64_t links_added = 0;
  std::uint64_t links_gone = 0;

  friend bool operator==(const change_counts&, const change_counts&) = default;
};

/// Writes what differs between two crawls of a site to `out`: a header, then `change<TAB>url<TAB>detail` for each page that is `new` (its
/// status, as the following), `gone` or `changed` (how), each URL that is `broken` or `mended` (why it is, or was) and each link that is
/// `link_added` or `link_gone` (from the URL, to the detail). Pages in the order in which the later crawl, or else the earlier one, has
/// finished them. Passes over both graphs; 4 bytes a URL of each.
change_counts write_changes(std::ostream& out, const link_graph& before, const link_graph& now);

/// Puts the counts into the summary.json of a crawl, as its member "changes", with the number of pages that were not sent again. Throws
/// `hocket::error`.
void add_to_summary(const std::string& directory, const change_counts& counts, std::uint64_t not_modified);

}  // namespace hocket::graph
