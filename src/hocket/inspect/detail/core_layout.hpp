#pragma once

#include <string>
#include <vector>

#include <hocket/inspect/detail/input_file.hpp>
#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// What stands where in a core dump.
struct core_layout {
  struct segment {
    address begin = 0;
    std::uint64_t size = 0;    // of what was kept
    std::uint64_t offset = 0;  // in the core dump
  };
  std::vector<segment> segments;  // in order, apart from each other
  std::vector<mapping> mappings;  // of files, in order
  address program_headers = 0;    // where the program's were in memory; 0: not known
};

/// Throws `unreadable`: no_core, other_architecture, corrupted. `who` is named in these.
[[nodiscard]] core_layout read_core_layout(const input_file& core, const std::string& who);

}  // namespace hocket::inspect::detail
