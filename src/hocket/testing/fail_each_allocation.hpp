#pragma once

#include <hocket/core/run.hpp>
#include <hocket/testing/failure_report.hpp>
#include <hocket/testing/scenario.hpp>

namespace hocket::testing {

/// How long memory is short.
enum class shortage {
  once,     // one allocation fails; what handles that has memory again
  lasting,  // from there on every allocation fails, until the scenario has ended
};

/// Runs `body` again and again, each time on a new loop with a virtual clock, and lets the n-th allocation of the scenario
/// on this thread throw std::bad_alloc: n = 1, 2, ... until a run ends undisturbed. Counted are coroutine frames, tasks and
/// whatever else the loop's thread takes, and all that comes from operator new, until the scenario's task has ended.
///
/// A disturbed run may end with std::bad_alloc, with std::errc::not_enough_memory, or with an `exception_group` of such, and
/// then counts as `failed`. Throws hocket::error if a run is stuck or throws anything else (nested; the message says which
/// allocation failed). An allocation that fails where nothing may be thrown ends the program: that is a find.
///
/// In a library of its own, hocket::testing_allocation, for that replaces operator new in the program that links it (not
/// under the thread sanitizer, which does so itself: then only the arena's allocations fail). Allocations made to throw an
/// exception are not counted.
[[nodiscard]] failure_report fail_each_allocation(scenario body, run_options options = {},
                                                  shortage how = shortage::once);

}  // namespace hocket::testing
