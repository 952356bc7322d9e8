#pragma once

#include <chrono>
#include <unordered_map>

#include <hocket/inspect/detail/running_loops.hpp>
#include <hocket/inspect/detail/sampled_task.hpp>
#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect::detail {

/// Finds steps that take long: one that samples meet again and again has taken at least as long as they are apart. Costs the process nothing.
/// Of steps shorter than the time between two samples it learns nothing.
class step_tally {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What a loop was at, and when.
  void add(const running_loop& met, time_point when);

  /// Writes into the tasks of a snapshot how long their longest steps took, at least: less the time that the process was stopped for the snapshot. Forgets
  /// all but the steps that were going on in the last sample.
  void move_to(snapshot& seen);

 private:
  struct going_on {
    sampled_task task;
    std::uint64_t number = 0;  // of the step
    time_point since;
  };

  std::unordered_map<address, going_on> now_;  // by the variable of the thread
  std::unordered_map<sampled_task, std::chrono::nanoseconds, sampled_task_hash> longest_;
};

}  // namespace hocket::inspect::detail
