#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <hocket/base/process_table.hpp>
#include <hocket/inspect/detail/memory_cache.hpp>
#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

using hocket::detail::process_table;
using hocket::detail::shown_type;

/// What the notes of a process lead to.
struct shown {
  std::vector<process_table> tables;  // one for each copy of hocket in it: the program's, those of libraries
  std::unordered_map<std::string, shown_type> types;  // by the name that the compiler gives the type
};

/// Looks for the notes in whatever is mapped from files. Throws `unreadable`: no_hocket, other_version, without_notes,
/// other_architecture, corrupted. `who` is named in these, but for the last.
[[nodiscard]] shown find_shown(memory_cache& memory, std::span<const mapping> mappings, const std::string& who);

}  // namespace hocket::inspect::detail
