#pragma once

#include <cstdint>
#include <map>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// Counts over the lines of pages.jsonl.
struct totals {
  std::uint64_t pages = 0;
  std::uint64_t ok = 0;  // without an error
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  std::uint64_t milliseconds = 0;                     // of all of them together, not of the crawl
  std::map<std::uint16_t, std::uint64_t> statuses{};  // 0: no answer
  std::map<std::uint32_t, std::uint64_t> depths{};
};

[[nodiscard]] totals totals_of(const link_graph& graph);

}  // namespace hocket::graph
