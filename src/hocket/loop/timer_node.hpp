#pragma once

#include <chrono>
#include <cstdint>

#include <hocket/base/process_layout.hpp>
#include <hocket/loop/ready_node.hpp>

namespace hocket {

/// A ready node that may wait for a time: can also stand in a timer queue.
class timer_node : public ready_node {
 public:
  /// True while it waits for its deadline.
  [[nodiscard]] bool is_scheduled() const noexcept { return place_ != nowhere; }

 protected:
  timer_node() noexcept = default;
  ~timer_node() = default;

  /// The timer queue's while scheduled; whoever derives may keep something there before.
  std::chrono::steady_clock::time_point deadline_;

 private:
  friend class timer_queue;
  template <class>
  friend struct detail::process_layout;
  static constexpr std::uint32_t nowhere = UINT32_MAX;
  static constexpr std::uint32_t in_wheel = UINT32_MAX - 1;
  std::uint32_t place_ = nowhere;  // or its index in the heap
};

}  // namespace hocket
