#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <hocket/graph/mapped_vector.hpp>
#include <hocket/graph/text_table.hpp>

namespace hocket::graph {

/// A URL of a `link_graph`, by its number: those that were asked for first, in the order in which they were finished.
using node = std::uint32_t;

/// What became of a URL. One to which others were redirected has what they found there.
struct page {
  std::uint64_t bytes;
  std::uint64_t content;  // equal for equal contents, in graphs of one process; 0: nothing tells them apart
  std::uint32_t depth;
  std::uint32_t milliseconds;
  std::uint32_t content_type;  // for `link_graph::text`
  std::uint32_t error;         // for `link_graph::text`; 0: none
  std::uint16_t status;        // 0: there was no answer
  bool is_known;               // something became of it
  bool is_listed;              // under this URL, in a line of its own
  bool leads_beyond;           // redirected to where the crawl does not go, which is its only error
};

struct graph_options {
  std::string scratch_directory{};  // for the graph's files, which have no names; empty: where the crawl's are
  std::uint64_t seed = 0;           // one that the authors of the pages do not know keeps them from slowing it down
};

/// The URLs that a crawl has seen, the links between them, and what became of each: what links.tsv and pages.jsonl say.
///
/// Lives in mapped files: a link takes 4 bytes (12 while it is read), a URL its text and about 80. The system keeps in memory
/// what there is room for. Reading it takes time linear in the files; blocks.
///
/// Links are read in the order of URLs, so a pass over all of them reads the file from front to end.
class link_graph {
 public:
  /// Reads the folder that a crawl has written or is writing: complete lines count. Throws `hocket::error`: files that are not there, a
  /// line that is broken (by file and line), no room for the graph.
  [[nodiscard]] static link_graph read(const std::string& directory, const graph_options& options = {});

  /// How many URLs there are.
  [[nodiscard]] node size() const noexcept { return urls_.size(); }
  /// Distinct pairs of pages and what they link to; a page that links to itself counts.
  [[nodiscard]] std::uint64_t links() const noexcept { return targets_.size(); }
  /// Redirects, which are no links.
  [[nodiscard]] std::uint64_t redirects() const noexcept { return redirect_count_; }
  /// Lines of pages.jsonl, a URL that stands there twice counted once.
  [[nodiscard]] std::uint64_t pages() const noexcept { return page_count_; }

  [[nodiscard]] std::string_view url(node which) const noexcept { return urls_[which]; }
  [[nodiscard]] std::optional<node> find(std::string_view url) const noexcept { return urls_.find(url); }

  /// Where a page links to, in ascending order.
  [[nodiscard]] std::span<const node> links_from(node page) const noexcept {
    return targets_.values(begins_[page], begins_[page + 1] - begins_[page]);
  }
  /// Where a URL is redirected to.
  [[nodiscard]] std::optional<node> redirect(node from) const noexcept {
    if (redirects_[from] == 0) return std::nullopt;
    return redirects_[from] - 1;
  }

  [[nodiscard]] const page& page_of(node which) const noexcept { return pages_[which]; }
  [[nodiscard]] std::string_view text(std::uint32_t number) const noexcept { return texts_[number]; }

  /// Whoever goes there finds nothing: there was no answer, one with a status of 400 or more, or an incomplete one; or is redirected to
  /// such a place. Of what was not asked for nobody knows.
  [[nodiscard]] bool is_broken(node which) const noexcept;

  /// One of the files ended within a line, which was passed over.
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

 private:
  link_graph(const std::string& scratch_directory, std::uint64_t seed);
  void read_pages(const std::string& directory);
  void read_links(const std::string& directory, const std::string& scratch_directory);
  void sort_links();
  void add_redirect(node from, node to);
  node add(std::string_view url);

  text_table urls_;
  text_table texts_;                     // the first is empty
  mapped_vector<page> pages_;            // of each URL
  mapped_vector<node> redirects_;        // of each URL: one more than where to, or 0
  mapped_vector<std::uint64_t> begins_;  // of each URL's links in `targets_`; one more at the end
  mapped_vector<node> targets_;
  std::uint64_t page_count_ = 0;
  std::uint64_t redirect_count_ = 0;
  bool is_cut_ = false;
};

/// A redirect is followed so often where something is asked of its end.
inline constexpr int most_redirects = 50;

}  // namespace hocket::graph
