#pragma once

#include <hocket/core/task.hpp>

namespace hocket::testing {

/// Waits until `work` has ended: true if it ended as cancelled, false if it returned. Throws what it threw, and `cancelled` if
/// the caller is cancelled itself (which cancels `work`, as awaiting it would).
template <class T>
coro<bool> ends_cancelled(task<T> work) {
  const std::uint32_t requests = current_task().cancelling();
  try {
    co_await work;
  } catch (const cancelled&) {
    if (!work.was_cancelled() || current_task().cancelling() > requests) throw;
    co_return true;
  }
  co_return false;
}

}  // namespace hocket::testing
