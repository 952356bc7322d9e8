#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <hocket/inspect/detail/shown.hpp>
#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// Loops that one thread runs, or sleeps in: one, or several within another system's loop.
struct loops_of_thread {
  address context = 0;  // what that thread runs: a variable of its own
  std::vector<address> loops{};
};

/// What a loop that a thread runs, or sleeps in, is at.
struct running_loop {
  address loop = 0;
  address context = 0;
  address task = 0;         // whose step it is; 0: no task's
  std::int64_t made = 0;    // when that was made, on the loop's clock: no other task has the same record, too
  std::uint64_t steps = 0;  // that it has begun
};

/// Reads the few words in which the loops of a process say by which threads they are run. It need not stand still: nothing if it was in the middle
/// of a change. Bounded, whatever stands in that memory; throws as `memory::read`.
[[nodiscard]] std::optional<std::vector<loops_of_thread>> read_running_loops(memory& from, const process_table& table);

/// Which of them is in a step of a task; the first, in none, if no one is. Throws as `memory::read`.
[[nodiscard]] running_loop read_step(memory& from, const process_table& table, const loops_of_thread& of);

}  // namespace hocket::inspect::detail
