#pragma once

#include <cstddef>

#include <hocket/core/run.hpp>
#include <hocket/testing/leak_check.hpp>
#include <hocket/testing/scenario.hpp>

namespace hocket::testing {

/// What came of `cancel_at_every_suspension`, over all runs.
struct cancel_everywhere_report : leftovers {
  std::size_t runs = 0;       // one more than there are suspensions in an undisturbed run
  std::size_t cancelled = 0;  // runs that ended with `cancelled`
};

/// How the scenario is cancelled.
enum class cancel_by {
  task,   // task.cancel(): an edge, thrown once
  scope,  // a cancel scope around the scenario: a level, thrown by every await from there on
};

/// Runs `body` again and again, each time on a new loop with a virtual clock, and cancels its task when the n-th await of any
/// task of the run begins to wait: n = 1, 2, ... until a run ends undisturbed.
///
/// Throws hocket::error if a run is stuck, or ends with an exception that is not `cancelled` (nested; the message says where
/// it was cancelled). What is left behind is told in the report. What the scenario holds outside of its frame is its own to
/// check, after each run, at the end of its coroutine or at the beginning of the next.
[[nodiscard]] cancel_everywhere_report cancel_at_every_suspension(scenario body, run_options options = {},
                                                                  cancel_by how = cancel_by::task);

}  // namespace hocket::testing
