#pragma once

#include <cstdint>

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

/// What a loop runs: stands in the ready queue, in somebody's list of waiters, or in the timer heap, and allocates nothing
/// for it. Not owned by the loop; must leave (or have run) before it is destroyed.
class ready_node : public list_link<> {
 public:
  ready_node() noexcept = default;
  ready_node(const ready_node&) = delete;
  ready_node& operator=(const ready_node&) = delete;

  /// Called once for each time it was scheduled, from the loop's ready queue.
  virtual void run() noexcept = 0;

 protected:
  ~ready_node() = default;

 private:
  friend class timer_queue;
  static constexpr std::uint32_t not_timed = UINT32_MAX;
  std::uint32_t timer_index_ = not_timed;  // its place in the timer heap
};

using ready_queue = intrusive_list<ready_node>;

}  // namespace hocket
