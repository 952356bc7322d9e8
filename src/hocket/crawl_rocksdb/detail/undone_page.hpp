#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl_rocksdb/detail/frontier_keys.hpp>

namespace hocket::crawl::detail {

/// What it takes to let a page wait again that was finished: kept until its lines are certain to outlast the machine. Borrows its texts.
struct undone_page {
  std::string_view key{};  // of those that wait, with its value
  std::string_view value{};
  std::vector<seen_key_bytes> claimed{};  // what was seen on the way
  std::string_view skipped{};             // see `finished_page`
  bool is_page = false;                   // it has a line
  bool is_ok = false;
  std::uint64_t links = 0;
  std::uint64_t bytes = 0;
};

void append(std::string& to, const undone_page& page);
/// All that was appended, as long as these bytes are there. Throws `hocket::error` if it was not so.
[[nodiscard]] std::vector<undone_page> undone_pages_of(std::string_view bytes);

}  // namespace hocket::crawl::detail
