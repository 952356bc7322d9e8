#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <hocket/loop/ready_node.hpp>

namespace hocket {

/// The timers of a loop, served in the order of their deadlines and, where these are equal, of their registration.
class timer_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

  /// Precondition: not empty.
  [[nodiscard]] time_point next_deadline() const noexcept { return heap_.front().deadline; }

  /// Schedules `node`, which must stand in no list and no timer queue. O(log n).
  void schedule(ready_node& node, time_point deadline);

  /// True while `node` waits for its deadline.
  [[nodiscard]] static bool is_scheduled(const ready_node& node) noexcept {
    return node.timer_index_ != ready_node::not_timed;
  }

  /// Takes `node` out; nothing of it stays behind. O(log n). Precondition: scheduled here.
  void cancel(ready_node& node) noexcept;

  /// Appends every node whose deadline is `now` or earlier to `ready`, in order.
  void collect_due(time_point now, ready_queue& ready) noexcept;

  /// Takes out the node that is due first. Precondition: not empty.
  ready_node& pop() noexcept;

 private:
  struct entry {
    time_point deadline;
    std::uint64_t serial;
    ready_node* node;
    [[nodiscard]] bool before(const entry& other) const noexcept {
      return deadline != other.deadline ? deadline < other.deadline : serial < other.serial;
    }
  };

  void place(std::size_t at, const entry& item) noexcept;
  void sift_up(std::size_t at, const entry& item) noexcept;
  void sift_down(std::size_t at, const entry& item) noexcept;
  void remove(std::size_t at) noexcept;

  std::vector<entry> heap_;
  std::uint64_t serial_ = 0;
};

}  // namespace hocket
