// Shows that it shows nothing, as a build with HOCKET_NOTES=OFF.

#include <cstdio>

#include <hocket/base/process_table.hpp>

namespace hocket::detail {

HOCKET_SHOW(process_table, hocket_table_without_notes){.magic = process_table::right_magic, .version = 0};
HOCKET_NOTE(1, hocket_table_without_notes);

}  // namespace hocket::detail

int main() {
  std::puts("ready");
  std::fflush(stdout);
  std::getchar();
}
