// hocket pstree: the tasks of another process, each above those that it waits for. As print_all_tasks does it in its own.

#include <hocket/inspect/tree_text.hpp>

#include "inspect_command.hpp"

namespace hocket::app {

void add_pstree(CLI::App& program, action& chosen) {
  add_inspect_command(
      program, chosen,
      {.name = "pstree", .description = "Show the tasks of a running process as a tree", .text = inspect::tree_text});
}

}  // namespace hocket::app
