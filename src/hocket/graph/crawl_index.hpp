#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/graph/link_graph.hpp>
#include <hocket/graph/mapped_vector.hpp>
#include <hocket/graph/text_table.hpp>

namespace hocket::graph {

/// Where in the files of a crawl the rows of a page stand, for the pages that a server can be asked about: whether they are as they were.
///
/// Lives in mapped files: a page takes its URL, its validators and some 130 bytes. Reading it takes time linear in the files; blocks. The
/// files are kept open, so what it tells stays true when others take their place.
class crawl_index {
 public:
  /// Whose rows may be asked for.
  enum class file : std::uint8_t { pages, links, nofollow, resources, anchors, fragments };

  /// What tells the state of a page. Texts are valid as long as the index.
  struct state {
    std::string_view etag;           // or empty
    std::string_view last_modified;  // or empty
    std::string_view archived;       // see `page_row`
  };

  /// Reads the folder of a crawl. Throws `hocket::error`: files that are not there, a line that is broken, no room for the index.
  [[nodiscard]] static crawl_index read(const std::string& directory, const graph_options& options = {});
  ~crawl_index();
  crawl_index(crawl_index&& other) noexcept;

  /// The crawl has written this file.
  [[nodiscard]] bool has(file which) const noexcept { return numbers_[static_cast<std::size_t>(which)] >= 0; }

  /// Nothing: no page was read there to its end without an error, or none that has validators.
  [[nodiscard]] std::optional<node> find(std::string_view url) const noexcept;
  [[nodiscard]] state state_of(node page) const noexcept;

  /// The lines of a page in a file; of `pages` its own. Blocks. Throws `hocket::error`. May be called by any thread.
  [[nodiscard]] std::string lines_of(node page, file which) const;

 private:
  struct span {
    std::uint64_t offset;
    std::uint64_t size;
  };
  struct place {
    std::array<span, 6> rows;
    std::uint32_t etag;           // in `texts_`
    std::uint32_t last_modified;  // the same
    std::uint32_t archived;       // the same
    bool is_scattered;            // its rows do not stand together
  };

  crawl_index(const std::string& directory, const std::string& scratch, std::uint64_t seed);
  void read_pages(const std::string& directory);
  void read_rows(file which);

  std::array<std::string, 6> paths_;
  std::array<int, 6> numbers_{-1, -1, -1, -1, -1, -1};
  text_table urls_;
  text_table texts_;
  mapped_vector<place> places_;
};

}  // namespace hocket::graph
