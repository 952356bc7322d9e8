#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::crawl::detail {

/// What it takes to let a page wait again that was finished: kept until its lines are certain to outlast the machine.
struct undone_page {
  std::string key{};  // of those that wait, with its value
  std::string value{};
  std::vector<std::string> claimed{};  // keys of what was seen on the way
  std::string skipped{};               // see `finished_page`
  bool is_page = false;                // it has a line
  bool is_ok = false;
  std::uint64_t links = 0;
  std::uint64_t bytes = 0;
};

void append(std::string& to, const undone_page& page);
/// All that was appended. Throws `hocket::error` if it was not so.
[[nodiscard]] std::vector<undone_page> undone_pages_of(std::string_view bytes);

}  // namespace hocket::crawl::detail
