#pragma once

#include <utility>

#include <hocket/loop/loop.hpp>

/// The running loop, by Twisted's words.
namespace hocket::reactor {

/// After `after`. `cancel` of what it gives takes it back. Counterpart: reactor.callLater.
template <class Function>
handle call_later(delay after, Function function) {
  return loop::running().call_later(after, std::move(function));
}
/// In the next turn. Counterpart: reactor.callWhenRunning.
template <class Function>
handle call_when_running(Function function) {
  return loop::running().call_soon(std::move(function));
}
/// From any thread, on that of `where`. Counterpart: reactor.callFromThread.
template <class Function>
void call_from_thread(loop& where, Function function) {
  where.call_soon_threadsafe(std::move(function));
}
/// On the loop's clock. Counterpart: reactor.seconds.
[[nodiscard]] inline time_point time() { return loop::running().time(); }

}  // namespace hocket::reactor
