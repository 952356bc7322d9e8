#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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
/// `http_connections`. Requests that the server itself refused count as method "other". Whatever clients send, there are no more series than these. Counting allocates nothing. Outlives what it gives.
/// Belongs to one loop. The page is for your own eyes: give it a router or a server of its own.
/// Counterpart: aiohttp_prometheus.
class metrics {
 public:
  /// Throws `hocket::error` if the buckets do not ascend.
  explicit metrics(metrics_options options = {});
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  void record(const request& asked, const answered& how) noexcept;
  /// Records.
  [[nodiscard]] std::function<void(const request&, const answered&)> on_answered();
  /// Counts the requests whose handlers run.
  [[nodiscard]] middleware in_flight();
  /// Shows how many connections a server has, as long as both live.
  void watch(const server& one) { servers_.push_back(&one); }

  [[nodiscard]] std::string text() const;
  /// Answers with `text()`.
  [[nodiscard]] handler page();

 private:
  static constexpr std::size_t methods = 9;
  static constexpr std::size_t classes = 6;  // 0: none

  std::vector<double> bounds_;
  std::array<std::array<std::uint64_t, classes>, methods> requests_{};
  std::vector<std::uint64_t> buckets_;
  double seconds_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t in_flight_ = 0;
  std::vector<const server*> servers_;
};

}  // namespace hocket::http
