#pragma once

#include <string>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect {

/// Reads what a process waited for when it left a core dump. `program`: where its file is now; empty: where it was. Times are as of when each
/// loop last asked for the time: what it was when the process ended, nobody has written down. Throws `unreadable`.
[[nodiscard]] snapshot read_core(const std::string& core, const std::string& program = {});

}  // namespace hocket::inspect
