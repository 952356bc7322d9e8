#pragma once

#include <array>
#include <cstdint>

#include <hocket/loop/io_request.hpp>

namespace hocket {

/// What the tasks of a loop asked of the system so far, and what came of it.
struct io_counters {
  struct outcomes {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t cancelled = 0;
  };

  [[nodiscard]] const outcomes& of(io_op op) const noexcept { return by_operation[static_cast<std::size_t>(op)]; }

  std::array<outcomes, io_op_count> by_operation{};
  std::uint64_t bytes_received = 0;  // from sockets and pipes, and read from files
  std::uint64_t bytes_sent =
      0;  // likewise: what the system was given to send or write, though it may not have come to all of it

  /// Counts what `request` is to send, for which the system is about to be asked.
  void submitted(const io_request& request) noexcept;
  /// Counts how it ended.
  void completed(const io_request& request) noexcept;
};

}  // namespace hocket
