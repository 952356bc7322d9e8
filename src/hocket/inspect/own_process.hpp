#pragma once

#include <csignal>
#include <cstdio>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect {

/// What this process shows: all of its loops, from any thread. Nothing is stopped: the loop of the calling thread stands still anyway,
/// others may change meanwhile (`snapshot::torn`). Blocks. Throws `unreadable`.
[[nodiscard]] snapshot read_own_process();

/// The same as a tree (`tree_text`).
void print_tree(std::FILE* to = stderr);

/// Lets the signal `number` write that tree to standard error, from now on and as often as it comes, instead of what was done with it
/// before; the process goes on. It is written by a thread of its own, so also while a loop is blocked. No loop hears of that signal unless it
/// asks for it later, and then this ends. A copy of the process that fork(2) makes does with the signal what processes do. Throws std::system_error.
void print_on_signal(int number = SIGQUIT);

}  // namespace hocket::inspect
