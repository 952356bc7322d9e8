#pragma once

#include <hocket/core/sleep.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// Lets other tasks run for at least `length`; with nothing to say, once. Counterpart: gevent.sleep.
inline void sleep(delay length = duration::zero()) { wait(hocket::sleep(length)); }

}  // namespace hocket::green
