#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/crawl/link_checker.hpp>
#include <hocket/graph/link_graph.hpp>

namespace hocket::app {

/// Why a link is broken.
struct link_failure {
  int status;  // 0: there was no answer
  std::string error;
};

/// What became of what pages refer to: of what the crawl has fetched by its graph, of the rest by what was told. Refers to the graph.
class link_states {
 public:
  explicit link_states(const graph::link_graph& graph) noexcept : graph_(graph) {}

  /// What came of a URL that the crawl has not fetched.
  void tell(const std::string& url, const crawl::link_verdict& verdict);

  /// Nothing became of it so far: the crawl has not fetched it, and it was not redirected either.
  [[nodiscard]] bool is_unknown(graph::node url) const noexcept;

  /// Nothing: it is good, or was not asked for.
  [[nodiscard]] std::optional<link_failure> failure_of(graph::node url) const;
  [[nodiscard]] std::optional<link_failure> failure_of(std::string_view url) const;

 private:
  [[nodiscard]] std::optional<link_failure> told_of(std::string_view url) const;

  const graph::link_graph& graph_;
  std::unordered_map<std::string, link_failure> failed_;
};

}  // namespace hocket::app
