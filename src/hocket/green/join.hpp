#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <hocket/core/task.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// Waits until all have ended, however. Throws nothing of theirs. Counterpart: gevent.joinall.
template <class Handle>
void joinall(std::vector<Handle> all) {
  if (!all.empty()) green::wait(hocket::wait(std::move(all)));
}

/// The same for at most `limit`. True: all have ended; the others go on. Counterpart: gevent.joinall with a timeout.
template <class Handle>
[[nodiscard]] bool joinall(std::vector<Handle> all, delay limit) {
  return all.empty() || green::wait(hocket::wait(std::move(all), {.timeout = limit})).pending.empty();
}

/// Cancels all and waits until they have ended. Counterpart: gevent.killall.
template <class Handle>
void killall(const std::vector<Handle>& all) {
  for (const Handle& each : all) each.cancel();
  joinall(all);
}

}  // namespace hocket::green
