#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <hocket/inspect/detail/shown.hpp>
#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// What a loop that a thread runs, or sleeps in, is at.
struct running_loop {
  address loop = 0;
  address context = 0;    // what that thread runs: a variable of its own
  address task = 0;       // whose step it is; 0: no task's
  std::int64_t made = 0;  // when that was made, on the loop's clock: no other task has the same record, too
};

/// Reads the few words in which the loops of a process say what they run. It need not stand still: nothing if it was in the middle of a
/// change. Bounded, whatever stands in that memory; throws as `memory::read`.
[[nodiscard]] std::optional<std::vector<running_loop>> read_running_loops(memory& from, const process_table& table);

}  // namespace hocket::inspect::detail
