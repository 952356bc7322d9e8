#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <thread>

#include <hocket/exec/process_function.hpp>

namespace hocket {

struct process_pool_options {
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  [[nodiscard]] static std::size_t processors() noexcept {
    const unsigned known = std::thread::hardware_concurrency();
    return known == 0 ? 1 : known;
  }

  /// Workers start one by one, when there is work for them.
  std::size_t max_workers = processors();
  /// How many calls may wait beyond those that the workers run at a time when all of them are there.
  std::size_t max_pending = unlimited;
  /// A worker that has run so many calls ends, and another one takes its place.
  std::size_t max_tasks_per_child = unlimited;
  /// So many coroutines may run in a worker at a time. With more than one, a plain function holds up the worker's coroutines.
  std::size_t child_concurrency = 1;
  /// Called by each worker before anything else: `process_call::of<set_up>(args...)`. If it throws, the pool is broken.
  std::optional<process_call> initializer{};
  /// The most that the arguments of a call, or its result, may take as bytes.
  std::size_t max_message_bytes = std::size_t{64} << 20;
  /// A cancelled `run_in_executor` kills the worker that runs its function, and throws, instead of waiting for it. Only with
  /// a `child_concurrency` of one.
  bool kill_on_cancel = false;
  /// What workers run: this program, unless another build of it is named. Counterpart: multiprocessing.set_executable.
  std::string executable = "/proc/self/exe";
};

}  // namespace hocket
