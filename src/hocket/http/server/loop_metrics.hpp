#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/server/prometheus_text.hpp>
#include <hocket/inspect/snapshot.hpp>

namespace hocket::http {

/// Adds what `seen` shows of each loop: `hocket_loop_turns_total`, `hocket_loop_looks_total` (at what the system has), `hocket_loop_steps_total` (of tasks),
/// `hocket_loop_lag_seconds` (between two looks), `hocket_loop_tasks` by state, `hocket_loop_ready` (what is due to run), `hocket_loop_timers`,
/// `hocket_loop_operations_total` by operation and outcome, `hocket_loop_operations_in_flight`, `hocket_loop_received_bytes_total`,
/// `hocket_loop_sent_bytes_total`, `hocket_loop_descriptors`. The label `loop` counts the loops of the snapshot.
void add_loops(prometheus_text& page, const inspect::snapshot& seen);

/// The same of all loops of this process, each of which keeps its number as long as it lives, and of the process `hocket_stalls_total` (turns that lasted too long: see `loop::set_watchdog`), `hocket_pool_threads`
/// and `hocket_pool_jobs`: a page for Prometheus. Read on a thread, so that the loop does not wait for it. Where a process may not read itself,
/// the loops are missing, and a comment says so.
[[nodiscard]] coro<std::string> loop_metrics();

}  // namespace hocket::http
