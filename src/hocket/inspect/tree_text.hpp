#pragma once

#include <cstdint>
#include <string>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect {

/// The tasks of each loop as a tree: below each those that it waits for, with where each waits, innermost first, and for what. What
/// nobody waits for stands at the left; a task that comes up again is only named; a circle is told, of
/// locks too: who waits for one waits for who holds it. What is deeper than 100 tasks goes on at the left. For people, and `printable`.
[[nodiscard]] std::string tree_text(const snapshot& seen);

/// The same of one task, by its index, alone: it, and below it those that it waits for. Precondition: `of` is one of the snapshot's loops.
[[nodiscard]] std::string tree_text(const snapshot& seen, const loop& of, std::uint32_t task);

}  // namespace hocket::inspect
