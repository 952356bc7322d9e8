#pragma once

#include <cstddef>
#include <functional>

#include <hocket/core/coro.hpp>
#include <hocket/core/run.hpp>

namespace hocket::testing {

/// What came of `cancel_at_every_suspension`.
struct cancel_everywhere_report {
  std::size_t runs = 0;           // one more than there are suspensions in an undisturbed run
  std::size_t cancelled = 0;      // runs that ended with `cancelled`
  std::size_t leaked_blocks = 0;  // frames and records left in the arena, over all runs
};

/// Runs `scenario` again and again, each time on a new loop with a virtual clock, and cancels its task when the n-th await of
/// any task of the run begins to wait: n = 1, 2, ... until a run ends undisturbed. Every run must come to its end by itself.
///
/// Exceptions other than `cancelled` leave the helper. What the scenario holds outside of its frame is its own to check.
cancel_everywhere_report cancel_at_every_suspension(std::move_only_function<coro<void>()> scenario,
                                                    run_options options = {});

}  // namespace hocket::testing
