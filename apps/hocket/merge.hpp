#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hocket::app {

/// What was made of the parts of a shared crawl.
struct merged_crawl {
  std::size_t parts = 0;
  std::uint64_t pages = 0;
  std::uint64_t links = 0;
  std::uint64_t left_out = 0;  // records that did not count, for another worker had the page by then
  std::size_t unfinished = 0;  // parts whose worker did not come to its end: their skipped URLs are not counted
};

/// Joins the folders that workers have written, or folders of such, into one as a single crawl writes it: of several records of a URL the one with the greatest
/// lease, and with it its links. Blocks; memory: about 40 bytes a page. Throws `failure`, `hocket::error`.
[[nodiscard]] merged_crawl merge_parts(const std::string& out, const std::vector<std::string>& parts);

}  // namespace hocket::app
