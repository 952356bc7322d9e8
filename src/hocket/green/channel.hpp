#pragma once

#include <deque>
#include <optional>
#include <source_location>
#include <utility>

#include <hocket/green/wait.hpp>
#include <hocket/sync/memory_channel.hpp>

namespace hocket::green {

/// Where green threads meet: an item passes from who sends to who receives when both are there. Counterpart: stackless.channel.
template <class Item>
class channel {
 public:
  channel() : channel(open_memory_channel<Item>(0)) {}

  /// Waits until somebody has received it.
  void send(Item item, std::source_location where = std::source_location::current()) {
    green::wait(sending_.send(std::move(item)), where);
  }
  /// Waits until somebody sends.
  [[nodiscard]] Item receive(std::source_location where = std::source_location::current()) {
    return *green::wait(receiving_.receive(), where);
  }

  /// How many wait to send; negative: how many wait to receive.
  [[nodiscard]] std::ptrdiff_t balance() const {
    const memory_channel_statistics now = sending_.statistics();
    return static_cast<std::ptrdiff_t>(now.tasks_waiting_send) - static_cast<std::ptrdiff_t>(now.tasks_waiting_receive);
  }

 private:
  using ends = decltype(open_memory_channel<Item>(0));
  explicit channel(ends both) : sending_(std::move(both.first)), receiving_(std::move(both.second)) {}

  memory_send_channel<Item> sending_;
  memory_receive_channel<Item> receiving_;
};

}  // namespace hocket::green
