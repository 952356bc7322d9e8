#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hocket::graph {

/// What summary.json tells that the other files do not.
struct crawl_summary {
  double seconds = 0;
  std::map<std::string, std::uint64_t> skipped{};  // URLs that were seen and not fetched, by reason
};

/// Of a crawl's folder; nothing while the crawl has not ended. Throws `hocket::error` if the file cannot be read or is another one.
[[nodiscard]] std::optional<crawl_summary> read_summary(const std::string& directory);

}  // namespace hocket::graph
