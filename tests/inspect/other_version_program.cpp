// Shows what no reader knows yet.

#include <cstdio>

#include <hocket/base/process_table.hpp>

namespace hocket::detail {

HOCKET_SHOW(process_table, hocket_table_of_tomorrow){.magic = process_table::right_magic, .version = 4711};
HOCKET_NOTE(1, hocket_table_of_tomorrow);

}  // namespace hocket::detail

int main() {
  std::puts("ready");
  std::fflush(stdout);
  std::getchar();
}
