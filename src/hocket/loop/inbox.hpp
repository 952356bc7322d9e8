#pragma once

#include <atomic>

#include <hocket/loop/ready_node.hpp>

namespace hocket {

/// Where other threads leave what a loop is to run: a lock-free stack through the nodes' own links.
class inbox {
 public:
  /// Any thread.
  void push(ready_node& node) noexcept {
    list_link<>* head = head_.load(std::memory_order_relaxed);
    do node.next = head;
    while (!head_.compare_exchange_weak(head, &node, std::memory_order_seq_cst, std::memory_order_relaxed));
  }

  [[nodiscard]] bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }

  /// The loop's thread: appends all that was pushed, oldest first.
  void drain_to(ready_queue& queue) noexcept {
    list_link<>* newest = head_.exchange(nullptr, std::memory_order_acquire);
    ready_queue drained;
    while (newest != nullptr) {
      list_link<>* older = newest->next;
      drained.push_front(static_cast<ready_node&>(*newest));
      newest = older;
    }
    queue.splice_back(drained);
  }

 private:
  std::atomic<list_link<>*> head_{nullptr};
};

}  // namespace hocket
