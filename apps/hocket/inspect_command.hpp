#pragma once

#include <string>

#include <sys/types.h>

#include <hocket/inspect/snapshot.hpp>
#include <hocket/inspect/unreadable.hpp>

#include "command.hpp"

namespace hocket::app {

/// What `ps` and `pstree` have in common: their arguments, --json, and which processes are read.
struct inspect_command {
  const char* name;
  const char* description;
  std::string (*text)(const inspect::snapshot&);
  bool samples = false;  // shows what --sample finds
};
void add_inspect_command(CLI::App& program, action& chosen, const inspect_command& added);

/// Whether a process that was read before may be read again soon: a debugger, for one, may let it go.
[[nodiscard]] bool may_pass(const inspect::unreadable& problem) noexcept;

/// What a process was started as, its words with blanks between them, at most 1,000 bytes; harmless for a terminal. Empty if it is gone.
[[nodiscard]] std::string command_line(pid_t process);

}  // namespace hocket::app
