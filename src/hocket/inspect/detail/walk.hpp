#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hocket/inspect/detail/shown.hpp>
#include <hocket/inspect/detail/types.hpp>
#include <hocket/inspect/memory.hpp>
#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect::detail {

/// What a walk finds, as it stands in the process: what does not change as long as that lives is not looked up yet, for the process is
/// to go on soon.
struct found_task {
  address record = 0;
  address created = 0;  // of what a source_location points to, as all places here
  bool is_running = false;
  bool is_waiting = false;
  bool shortened = false;
  std::uint64_t number = 0;  // of one without a name
  std::string name{};
  std::size_t first_frame = 0;  // of `found_loop::places`
  std::size_t frames = 0;
  std::size_t first_waiter = 0;  // of `found_loop::waiters`
  std::size_t waiters = 0;
  const class_type* waits_in = nullptr;
  shown_type::meaning says = shown_type::meaning::none;
  std::uint64_t value = 0;    // of `says`: a time, a record, a descriptor's number, a count, a process
  bool is_of_thread = false;  // and no process
  std::optional<address> waits_at{};
  std::string activity{};
  std::uint64_t steps = 0;
  std::int64_t made = 0;  // on its loop's clock
  std::int64_t stepped = 0;
  std::int64_t spent = 0;
};

struct found_loop {
  address at = 0;
  bool is_running = false;
  bool has_own_clock = false;
  std::int64_t last_time = 0;  // on its clock
  loop figures{};              // all that does not have to be looked up
  std::vector<found_task> tasks{};
  std::vector<address> places{};
  std::vector<address> waiters{};                              // records of tasks
  std::vector<std::pair<address, address>> further_waiters{};  // a task's, and that of one that waits for it
};

struct found {
  std::vector<found_loop> loops{};
  std::size_t contradictions = 0;  // zero: nothing changed meanwhile
};

/// Walks from the loops to their tasks, from these to the frames that they wait in and to who waits for them. Bounded in every way,
/// whatever stands in that memory; throws `unreadable`, corrupted, beyond the bounds.
[[nodiscard]] found walk(memory_cache& memory, const shown& from, types& classes);

}  // namespace hocket::inspect::detail
