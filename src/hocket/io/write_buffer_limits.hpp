#pragma once

#include <cstddef>

namespace hocket {

/// How many bytes may wait to be sent: above `high` who writes is asked to pause, down at `low` to go on.
struct write_buffer_limits {
  std::size_t low;
  std::size_t high;
};

}  // namespace hocket
