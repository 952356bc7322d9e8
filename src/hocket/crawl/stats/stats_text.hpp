#pragma once

#include <cstdint>
#include <string>

#include <hocket/crawl/engine.hpp>
#include <hocket/crawl/stats/crawl_stats.hpp>

namespace hocket::crawl {

/// What the process uses at the moment.
struct process_usage {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;

  /// Of this process: /proc/self/statm and getrusage(2).
  [[nodiscard]] static process_usage now();
};

/// A crawl at this moment, as Prometheus reads it: names that begin with `hocket_crawl_`, and the usual ones of the process. There are no series of
/// single hosts, so that there are never many.
[[nodiscard]] std::string stats_metrics(const progress& now, const crawl_stats& counted, const process_usage& used);

/// The same as JSON, with the twenty slowest and the twenty busiest hosts.
[[nodiscard]] std::string stats_json(const progress& now, const crawl_stats& counted, const process_usage& used);

}  // namespace hocket::crawl
