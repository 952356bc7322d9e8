#pragma once

#include <cstddef>
#include <limits>

namespace hocket {

/// The size of a channel in which any number of items may wait.
inline constexpr std::size_t unlimited_buffer = std::numeric_limits<std::size_t>::max();

/// A channel as it is. Counterpart: trio.MemoryChannelStatistics.
struct memory_channel_statistics {
  std::size_t current_buffer_used;
  std::size_t max_buffer_size;
  std::size_t open_send_channels;
  std::size_t open_receive_channels;
  std::size_t tasks_waiting_send;
  std::size_t tasks_waiting_receive;
};

}  // namespace hocket
