#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <time.h>

#include <hocket/loop/clock.hpp>

namespace hocket::green::preload {

/// When a wait with a limit ends, as the caller has it; none: never.
using limit = std::optional<time_point>;

/// The end of a wait that pthread's functions say on a clock of the system.
[[nodiscard]] limit limit_on(clockid_t clock, const timespec* deadline) noexcept;

/// One who waits for what stands at an address: a lock, a condition, a thread's end. Waits in line from its making until it is destroyed, so that
/// nothing is missed that happens between a last look and `wait`. Made by a green thread, which parks, or by a thread, which blocks.
class waiter {
 public:
  explicit waiter(const volatile void* address);
  ~waiter();
  waiter(const waiter&) = delete;

  /// Until it is woken. False: it is past `until`. Keeps errno.
  [[nodiscard]] bool wait(limit until = std::nullopt);

  struct state;

 private:
  std::shared_ptr<state> state_;
};

inline constexpr std::size_t all = SIZE_MAX;

/// Wakes those who have waited longest at an address, and gives how many. On any thread; cheap where nobody waits. Keeps errno.
std::size_t wake(const volatile void* address, std::size_t most) noexcept;

/// Calls `attempt` until it says something else than EBUSY, and waits in between until somebody has woken those who wait at `address`. ETIMEDOUT
/// after `until`.
template <class Attempt>
int take(const volatile void* address, limit until, Attempt attempt) {
  int answer = attempt();
  while (answer == EBUSY) {
    waiter mine(address);
    answer = attempt();
    if (answer == EBUSY && !mine.wait(until)) return ETIMEDOUT;
  }
  return answer;
}

}  // namespace hocket::green::preload
