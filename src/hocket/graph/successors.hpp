#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// Where one may come from a URL in a step: where its page links to and, last, where it is redirected to.
class successors {
 public:
  successors(const link_graph& graph, node from) noexcept
      : links_(graph.links_from(from)), redirect_(graph.redirect(from)) {}

  [[nodiscard]] std::size_t size() const noexcept { return links_.size() + (redirect_ ? 1 : 0); }
  [[nodiscard]] node operator[](std::size_t number) const noexcept {
    return number < links_.size() ? links_[number] : *redirect_;
  }

 private:
  std::span<const node> links_;
  std::optional<node> redirect_;
};

}  // namespace hocket::graph
