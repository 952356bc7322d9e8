#pragma once

#include <memory>
#include <utility>

#include <hocket/deferred/deferred.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

/// Calls `function` after `after`; its result is that of the deferred. Cancelled before, it is not called. Counterpart:
/// twisted.internet.task.deferLater.
template <class Function>
auto defer_later(delay after, Function function, std::source_location created = std::source_location::current()) {
  const auto timer = std::make_shared<handle>();
  const deferred<> time([timer] { std::exchange(*timer, {}).cancel(); }, created);
  *timer = loop::running().call_later(after, [time] { time.callback(); });
  return time.add_callback(std::move(function));
}

}  // namespace hocket
