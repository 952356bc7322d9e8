#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect {

struct read_options {
  /// Stops the process while it is read, for a few milliseconds. Without, it goes on, and what changes meanwhile is read as well as it
  /// can be: see `snapshot::torn`.
  bool stop = true;
};

/// Reads what a process of this user (of any, for root) waits for; runs nothing in it. Read again, a few times, if it was in the
/// middle of a change. Blocks; from any thread. Throws `unreadable`.
[[nodiscard]] snapshot read_process(pid_t process, const read_options& options = {});

/// The processes with hocket in them, this one excepted, in order of their numbers: of this user; for root, of all. Those too that
/// `read_process` will refuse, with the reason, where that can be told: by the files that they have mapped, or because they show another version, or nothing.
[[nodiscard]] std::vector<pid_t> find_processes();

}  // namespace hocket::inspect
