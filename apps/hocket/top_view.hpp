#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::app {

/// What tells a task from others of its process for as long as it lives; ids alone are used again.
struct task_key {
  inspect::address loop = 0;
  inspect::address id = 0;
  std::string name;
  inspect::place created;

  bool operator==(const task_key& other) const noexcept;
};
[[nodiscard]] task_key key_of(const inspect::snapshot& seen, const inspect::loop& loop, const inspect::task& task);

/// A row of `hocket top`: a task, and what it did since the look before. Nothing where that is not known.
struct task_row {
  std::size_t loop = 0;  // indices of the snapshot
  std::uint32_t task = 0;
  bool deadlocked = false;
  std::optional<double> steps_per_second;
  std::optional<double> busy;                       // its part of a processor: counted, or else sampled
  std::optional<std::chrono::nanoseconds> slowest;  // of its steps since the first look: at least so long
};

/// How often something was asked of the system, in a second.
struct operation_rate {
  std::string kind;
  double done = 0;  // however it ended
  double failed = 0;
};

/// What a loop did since the look before, and what it has now; or all of them.
struct loop_row {
  std::size_t running = 0;  // tasks
  std::size_t ready = 0;
  std::size_t waiting = 0;
  std::size_t deadlocked = 0;  // of those that wait
  std::uint64_t due = 0;       // steps of tasks, callbacks
  std::uint64_t timers = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t descriptors = 0;
  double seconds = 0;  // since the look before; 0: there was none, and the rates mean nothing
  double steps_per_second = 0;
  double turns_per_second = 0;
  double received_per_second = 0;  // bytes
  double sent_per_second = 0;
  std::vector<operation_rate> operations;                       // of the kinds that there ever were
  std::array<std::uint64_t, inspect::loop{}.lag.size()> lag{};  // as inspect::loop::lag, since the look before

  [[nodiscard]] std::size_t tasks() const noexcept { return running + ready + waiting; }
  [[nodiscard]] double operations_per_second() const noexcept;
};

/// The slowest step that was met.
struct slow_step {
  std::string name;
  std::string function;  // where the task stood then, or was made
  std::chrono::nanoseconds lasted{};
  std::chrono::steady_clock::time_point seen;
};

/// A look at a process, beside the one before.
struct top_view {
  inspect::snapshot seen;
  std::chrono::steady_clock::time_point when;
  std::vector<task_row> tasks;  // of all loops, in the snapshot's order
  std::vector<loop_row> loops;
  loop_row all;
  std::optional<slow_step> slowest;
};

/// What a snapshot shows, taken at `when`, after `before`, if there is one. Of a task that began and ended between the two nothing is known.
[[nodiscard]] top_view look(inspect::snapshot seen, std::chrono::steady_clock::time_point when, const top_view* before);

}  // namespace hocket::app
