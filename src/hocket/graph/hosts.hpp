#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// Host and port of a URL as `url` writes it: "a:8000" of "http://a:8000/b". The whole text if it has no "://".
[[nodiscard]] std::string_view host_of(std::string_view url) noexcept;

/// A host of a crawl.
struct host {
  std::string_view name;  // valid as long as the graph
  std::uint64_t urls = 0;
  std::uint64_t pages = 0;  // fetched, or tried to
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  std::uint64_t milliseconds = 0;  // of its pages together
};

struct hosts {
  std::vector<std::uint32_t> of{};  // of each URL: the number of its host
  std::vector<host> all{};          // in the order of their first URLs
};

/// 4 bytes a URL, and some 100 a host.
[[nodiscard]] hosts hosts_of(const link_graph& graph);

}  // namespace hocket::graph
