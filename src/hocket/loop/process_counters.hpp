#pragma once

#include <atomic>
#include <cstdint>

namespace hocket::detail {

/// What belongs to no loop alone, summed up over the process. Changed where that is seldom, or slow anyway; on any thread.
struct process_counters {
  std::atomic<std::uint64_t> stalls{0};        // turns that a watchdog found to last too long
  std::atomic<std::uint64_t> pool_threads{0};  // of all pools, now
  std::atomic<std::uint64_t> pool_jobs{0};     // handed over and not ended, now
};
extern constinit process_counters counters_of_process;

}  // namespace hocket::detail
