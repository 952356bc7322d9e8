#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include <hocket/inspect/detail/loop_threads.hpp>
#include <hocket/inspect/detail/running_loops.hpp>
#include <hocket/inspect/detail/sampled_task.hpp>
#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect::detail {

/// Makes shares of samples: who was met how often while a thread was on a processor, and what that used there in all.
class load_tally {
 public:
  /// What a loop was at in a sample, and what its thread used since the one before, where that is known.
  void add(const running_loop& met, const std::optional<thread_use::reading>& thread);
  void end_sample() noexcept { ++samples_; }
  [[nodiscard]] std::uint64_t samples() const noexcept { return samples_; }

  /// Forgets all but what threads were at in the last sample: the time until the next one is that's.
  void begin_anew();

  /// Writes the loads of all loops and tasks into a snapshot: of samples over so long a time, in which the process used `used` in all, if that is known.
  void add_to(snapshot& seen, std::chrono::nanoseconds length, std::optional<std::chrono::nanoseconds> used) const;

 private:
  // How often it was met, at what.
  struct meetings {
    std::unordered_map<sampled_task, double, sampled_task_hash> tasks{};  // in their steps
    double in_steps = 0;
    double beside = 0;
    [[nodiscard]] double of(const sampled_task& task) const;
  };
  struct loop_count {
    meetings on_processor{};          // of its thread, weighed
    std::chrono::nanoseconds used{};  // by its thread
    meetings at_any_time{};           // while its thread was not known
  };
  struct last_meeting {
    running_loop at;
    std::uint64_t sample = 0;
  };

  void count(meetings& to, const running_loop& met, double weight);
  [[nodiscard]] double factor_without_thread(double length, std::optional<std::chrono::nanoseconds> used) const;

  std::unordered_map<address, loop_count> loops_;
  std::unordered_map<address, last_meeting>
      last_;  // what threads were at in their last sample, if they were on a processor or waited for one
  std::size_t tasks_ = 0;
  std::uint64_t samples_ = 0;
};

}  // namespace hocket::inspect::detail
