#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/graph/line_reader.hpp>

namespace hocket::graph {

/// A row of links.tsv: a page, and where it links to.
struct link_row {
  std::string_view source;
  std::string_view target;
};

/// Reads links.tsv of a crawl, also while that is being written.
class links_reader {
 public:
  /// Throws `hocket::error` if the file cannot be opened or its first line is not the header.
  explicit links_reader(const std::string& directory);

  /// Valid until the next call; nothing at the end. Throws `hocket::error` that begins with file and line of what is no row.
  [[nodiscard]] std::optional<link_row> next();

  [[nodiscard]] bool ends_within_a_line() const noexcept { return lines_.ends_within_a_line(); }

 private:
  line_reader lines_;
};

/// A row of resources.tsv: a page, and what it refers to besides its links.
struct resource_row {
  std::string_view source;
  std::string_view target;
  std::string_view kind;  // "img", ...
};

/// Reads resources.tsv of a crawl, also while that is being written. A crawl that has found none, or did not look for any, has no such file.
class resources_reader {
 public:
  /// Throws `hocket::error` if the file is there and cannot be opened.
  explicit resources_reader(const std::string& directory);

  /// Valid until the next call; nothing at the end. Throws `hocket::error` that begins with file and line of what is no row.
  [[nodiscard]] std::optional<resource_row> next();

 private:
  std::optional<line_reader> lines_;
};

/// An object of pages.jsonl: what became of one URL.
struct page_row {
  std::string url;
  std::string final_url;
  std::uint16_t status = 0;  // 0: there was no answer
  std::string content_type;
  std::uint64_t bytes = 0;
  std::uint32_t depth = 0;
  std::uint32_t milliseconds = 0;
  std::vector<std::string> redirects;  // those on the way from `url`, which is the first, to `final_url`
  std::string etag;                    // what tells its state, or empty
  std::string last_modified;           // the same
  std::string hash;                    // of its content, 16 hexadecimal digits; or empty
  std::string archived;                // since when an archive has that, as WARC-Date has it; or empty
  std::string error;                   // empty: none
};

/// Reads pages.jsonl of a crawl, also while that is being written. Members that it does not know are passed over.
class pages_reader {
 public:
  /// Throws `hocket::error`.
  explicit pages_reader(const std::string& directory);

  /// Valid until the next call; nothing at the end. Throws `hocket::error` that begins with file and line of what is no page.
  [[nodiscard]] const page_row* next();

  /// Where the line of the last page stands in the file, and how long it is with its newline.
  [[nodiscard]] std::uint64_t offset() const noexcept { return lines_.offset(); }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  [[nodiscard]] bool ends_within_a_line() const noexcept { return lines_.ends_within_a_line(); }

 private:
  line_reader lines_;
  page_row row_;
  std::uint64_t size_ = 0;
};

}  // namespace hocket::graph
