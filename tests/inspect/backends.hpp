#pragma once

#include <cstdlib>
#include <string_view>

namespace hocket::testing {

/// Whether the system may have no such backend: it may forbid io_uring, unless HOCKET_REQUIRE_IO_URING is set.
[[nodiscard]] inline bool may_be_missing(std::string_view backend) {
  return backend == "io_uring" && std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr;
}

}  // namespace hocket::testing
