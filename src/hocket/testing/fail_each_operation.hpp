#pragma once

#include <span>

#include <hocket/core/run.hpp>
#include <hocket/loop/io_request.hpp>
#include <hocket/testing/failure_report.hpp>
#include <hocket/testing/scenario.hpp>

namespace hocket::testing {

/// Runs `body` again and again, each time on a new loop with a virtual clock, and lets the n-th I/O operation of the run fail
/// with each error that it may give: n = 1, 2, ... until a run ends undisturbed. The operation is not started; the error
/// arrives a turn later, as if from the system. Operations are those of sockets and files, and the look-up of names.
///
/// Whatever a disturbed run throws (but for `cancelled`) counts as `failed`. Throws hocket::error if a run is stuck, or if
/// the undisturbed one throws (nested; the message says which operation failed with what).
[[nodiscard]] failure_report fail_each_operation(scenario body, run_options options = {});

/// The errors (errno) of its man page with which an operation can fail though it was asked for correctly.
[[nodiscard]] std::span<const int> possible_errors(io_op operation) noexcept;

}  // namespace hocket::testing
