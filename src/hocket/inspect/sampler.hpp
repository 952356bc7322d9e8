#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <sys/types.h>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect {

struct sampler_options {
  /// From one sample to the next, on average. Where the samples would take more than a fiftieth of a processor there are fewer.
  std::chrono::nanoseconds interval = std::chrono::milliseconds(5);
};

/// Finds out how much of the processors the tasks of another process use, without stopping it and without anything that it would have to do: looks
/// again and again, at irregular times, which task each loop runs, and asks the system what the loop's thread has used. A task that was met in a third
/// of the samples in which the thread was on a processor had a third of its time. So figures of short times are rough: of a second's 200 samples, by
/// a few hundredths.
///
/// Has a thread of its own, on which all signals are blocked, until it is destroyed. For any thread; one call at a time.
class sampler {
 public:
  /// Begins. Throws `unreadable`.
  explicit sampler(pid_t process, const sampler_options& options = {});
  ~sampler();
  sampler(const sampler&) = delete;

  /// Adds to a snapshot of the process, which was read just now, what was used since the last call, or since it began: `snapshot::sampled`, `loop::load`,
  /// `task::load`. Nothing where there was no sample, because the process has ended, for one. Does not wait.
  void add_to(snapshot& seen);
  /// How many samples there were since then.
  [[nodiscard]] std::uint64_t samples() const;

 private:
  class work;
  std::unique_ptr<work> work_;
};

}  // namespace hocket::inspect
