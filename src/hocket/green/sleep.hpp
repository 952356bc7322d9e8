#pragma once

#include <source_location>

#include <hocket/core/sleep.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// Lets other tasks run for at least `length`; with nothing to say, once. Counterpart: gevent.sleep.
inline void sleep(delay length = duration::zero(), std::source_location where = std::source_location::current()) {
  wait(hocket::sleep(length), where);
}

}  // namespace hocket::green
