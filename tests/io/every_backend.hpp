#pragma once

#include <vector>

#include <hocket/loop/backend.hpp>

namespace hocket::testing {

/// The backends that work here.
inline std::vector<backend_kind> every_backend() {
  std::vector<backend_kind> all{backend_kind::epoll};
  if (io_uring_works()) all.push_back(backend_kind::io_uring);
  return all;
}

}  // namespace hocket::testing
