#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// A task that was met in samples. Its record may have been another's.
struct sampled_task {
  address record = 0;
  std::int64_t made = 0;  // when, on its loop's clock
  bool operator==(const sampled_task&) const = default;
};

struct sampled_task_hash {
  std::size_t operator()(const sampled_task& task) const noexcept {
    return std::hash<address>()(task.record) ^ std::hash<std::int64_t>()(task.made);
  }
};

}  // namespace hocket::inspect::detail
