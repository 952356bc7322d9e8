#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <hocket/http/server/router.hpp>
#include <hocket/http/server/server.hpp>

namespace hocket::http {

struct metrics_options {
  /// Upper bounds in seconds of the buckets in which requests are counted by how long they took; ascending.
  std::vector<double> buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
};

/// Counts what a server does, and shows it as Prometheus wants it (text format 0.0.4):
///
///     metrics counted;
///     routes.use(counted.in_flight());
///     routes.get("/metrics", counted.page());
///     server web(std::move(routes), {.on_answered = counted.on_answered()});
///     counted.watch(web);
///
/// `http_requests_total` by method and class of status ("2xx"; "none" for clients that were told nothing),
/// `http_request_duration_seconds` from the whole head on to the last byte, `http_response_body_bytes_total`, `http_requests_in_flight`,
/// `http_connections`. Requests that the server itself refused count as method "other". Whatever clients send, there are no more series than
/// these. The page also shows the loops of the process (`loop_metrics`). Counting allocates nothing. Outlives what it gives. The page is for your own eyes: give it a router or a server of its own.
///
/// Servers on several loops share one, made before them (`run_loops`): each calls `in_flight`, `on_answered` and `watch` for itself, and the
/// page of any of them shows the sum. All members may be called on any thread; what they give belongs to the loop of its server.
/// Counterpart: aiohttp_prometheus.
class metrics {
 public:
  /// Throws `hocket::error` if the buckets do not ascend.
  explicit metrics(metrics_options options = {});
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// Counts requests that were answered.
  [[nodiscard]] std::function<void(const request&, const answered&)> on_answered();
  /// Counts the requests whose handlers run.
  [[nodiscard]] middleware in_flight();
  /// Shows how many connections a server has, for as long as it lives.
  void watch(const server& one);

  [[nodiscard]] std::string text() const;
  /// Answers with `text()` and `loop_metrics()`.
  [[nodiscard]] handler page();

 private:
  struct counters;

  counters& add_counters();

  const std::vector<double> bounds_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<std::unique_ptr<counters>> counters_;
  std::vector<std::shared_ptr<const std::atomic<std::size_t>>> connections_;
};

}  // namespace hocket::http
