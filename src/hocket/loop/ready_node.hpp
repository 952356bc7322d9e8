#pragma once

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

class task_base;

/// What a loop runs: stands in the ready queue or in somebody's list of waiters, and allocates nothing for it. Not owned by
/// the loop; must leave (or have run) before it is destroyed.
class ready_node : public list_link<> {
 public:
  ready_node() noexcept = default;
  ready_node(const ready_node&) = delete;
  ready_node& operator=(const ready_node&) = delete;

  /// Called once for each time it was scheduled, from the loop's ready queue.
  virtual void run() noexcept = 0;

  /// The task that goes on because of it, at once or after others: for call graphs. Null if it cannot be told.
  [[nodiscard]] virtual task_base* wakes() noexcept { return nullptr; }

 protected:
  ~ready_node() = default;
};

using ready_queue = intrusive_list<ready_node>;

}  // namespace hocket
