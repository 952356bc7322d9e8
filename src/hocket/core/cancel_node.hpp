#pragma once

#include <cstdint>

namespace hocket {

/// One place at which cancellation can be asked for: a task's own, a timeout, a task group, a cancel scope.
///
/// A task has a stack of them, its own at the bottom. *Edge* nodes deliver each request once; *level* nodes (cancel scopes)
/// deliver at every await as long as they are requested. The rules stand in docs/rules.md.
struct cancel_node {
  enum class kind : std::uint8_t { own, edge, level };

  explicit cancel_node(kind what, bool is_shield = false) noexcept : what(what), shield(is_shield) {}
  cancel_node(const cancel_node&) = delete;
  cancel_node& operator=(const cancel_node&) = delete;

  [[nodiscard]] bool is_level() const noexcept { return what == kind::level; }

  /// The next node outward. Of a task's own node: the node of the group that it is a child of, or null.
  cancel_node* outer = nullptr;
  std::uint32_t requests = 0;
  std::uint32_t entry = 0;  // edge requests visible outside when it was pushed: older than it, so not its concern
  kind what;
  bool shield;
  bool pending = false;  // edge: a request not delivered yet
  bool is_group = false;
};

}  // namespace hocket
