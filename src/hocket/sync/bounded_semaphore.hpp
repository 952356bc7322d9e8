#pragma once

#include <hocket/base/error.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket {

/// A semaphore that never has more permits than it began with: releasing one that was not acquired is an error, not a gift.
///
/// Counterpart: asyncio.BoundedSemaphore.
class bounded_semaphore : private semaphore {
 public:
  explicit bounded_semaphore(std::size_t value = 1) noexcept : semaphore(value, value) {}

  using semaphore::acquire;
  using semaphore::locked;
  using semaphore::permit;
  using semaphore::scoped_acquire;

  /// Gives a permit back: to the first in line, who goes on in the next turn. Throws `invalid_state_error` if all permits are
  /// there already.
  void release() {
    if (!give_back()) throw invalid_state_error("a bounded semaphore was released more often than acquired");
  }
};

}  // namespace hocket
