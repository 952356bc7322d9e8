#pragma once

#include <optional>
#include <source_location>
#include <utility>
#include <vector>

#include <hocket/core/task.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// Waits until all have ended, however. Throws nothing of theirs. Counterpart: gevent.joinall.
template <class Handle>
void joinall(std::vector<Handle> all, std::source_location where = std::source_location::current()) {
  if (!all.empty()) green::wait(hocket::wait(std::move(all)), where);
}

/// The same for at most `limit`. True: all have ended; the others go on. Counterpart: gevent.joinall with a timeout.
template <class Handle>
[[nodiscard]] bool joinall(std::vector<Handle> all, delay limit,
                           std::source_location where = std::source_location::current()) {
  return all.empty() || green::wait(hocket::wait(std::move(all), {.timeout = limit}), where).pending.empty();
}

/// Cancels all and waits until they have ended. Counterpart: gevent.killall.
template <class Handle>
void killall(const std::vector<Handle>& all, std::source_location where = std::source_location::current()) {
  for (const Handle& each : all) each.cancel();
  joinall(all, where);
}

}  // namespace hocket::green
