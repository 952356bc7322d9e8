#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::http::detail {

/// Numbers of loops that stay: a loop keeps its own as long as it lives, whichever others end, and a new one gets the smallest that is
/// free, so that there are no more of them than loops at a time.
class loop_numbers {
 public:
  /// Those of the loops of a snapshot, in its order. What is missing in one that is not torn has ended.
  std::vector<std::uint32_t> of(const inspect::snapshot& seen);

 private:
  std::unordered_map<inspect::address, std::uint32_t> known_;
};

}  // namespace hocket::http::detail
