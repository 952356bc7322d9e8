#pragma once

#include <string_view>
#include <vector>

#include <hocket/loop/backend.hpp>

namespace hocket::testing {

/// The backends that work here: `epoll`, `poll`, `select`, and `io_uring` where it is not forbidden.
[[nodiscard]] inline std::vector<backend_kind> every_backend() {
  std::vector<backend_kind> all{backend_kind::epoll, backend_kind::poll, backend_kind::select};
  if (io_uring_works()) all.push_back(backend_kind::io_uring);
  return all;
}

/// As in HOCKET_BACKEND.
[[nodiscard]] constexpr std::string_view name_of(backend_kind kind) noexcept {
  switch (kind) {
    case backend_kind::io_uring:
      return "io_uring";
    case backend_kind::epoll:
      return "epoll";
    case backend_kind::poll:
      return "poll";
    case backend_kind::select:
      return "select";
    case backend_kind::automatic:
      break;
  }
  return "automatic";
}

}  // namespace hocket::testing
