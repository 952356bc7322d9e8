#include <algorithm>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/server/metrics.hpp>

namespace hocket::http {
namespace {

// Others are one series: a client can choose any.
constexpr std::string_view method_names[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                             "OPTIONS", "CONNECT", "PATCH", "other"};
constexpr std::string_view class_names[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

std::size_t index_of(std::string_view method) noexcept {
  const auto* const last = std::end(method_names) - 1;
  return static_cast<std::size_t>(std::find(std::begin(method_names), last, method) - std::begin(method_names));
}

class counted_scope {
 public:
  explicit counted_scope(std::uint64_t& count) noexcept : count_(count) { ++count_; }
  counted_scope(const counted_scope&) = delete;
  counted_scope& operator=(const counted_scope&) = delete;
  ~counted_scope() { --count_; }

 private:
  std::uint64_t& count_;
};

void describe(std::string& to, std::string_view name, std::string_view kind, std::string_view help) {
  fmt::format_to(std::back_inserter(to), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, kind, help);
}

}  // namespace

metrics::metrics(metrics_options options) : bounds_(std::move(options.buckets)), buckets_(bounds_.size() + 1) {
  static_assert(std::size(method_names) == methods && std::size(class_names) == classes);
  if (std::ranges::adjacent_find(bounds_, std::greater_equal<>()) != bounds_.end())
    throw error("the buckets of a histogram do not ascend");
}

void metrics::record(const request& asked, const answered& how) noexcept {
  const auto status_class = static_cast<std::size_t>(std::clamp(how.status / 100, 0, static_cast<int>(classes) - 1));
  ++requests_[index_of(asked.method())][status_class];
  const double seconds = std::chrono::duration<double>(how.took).count();
  ++buckets_[static_cast<std::size_t>(std::ranges::lower_bound(bounds_, seconds) - bounds_.begin())];
  seconds_ += seconds;
  body_bytes_ += how.body_bytes;
}

std::function<void(const request&, const answered&)> metrics::on_answered() {
  return [this](const request& asked, const answered& how) { record(asked, how); };
}

middleware metrics::in_flight() {
  return [this](request& asked, next_handler next) -> coro<reply> {
    const counted_scope one(in_flight_);
    co_return co_await next(asked);
  };
}

std::string metrics::text() const {
  std::string all;
  const auto out = std::back_inserter(all);
  describe(all, "http_requests_total", "counter", "Requests by method and class of status.");
  for (std::size_t method = 0; method < methods; ++method)
    for (std::size_t status = 0; status < classes; ++status)
      if (requests_[method][status] > 0)
        fmt::format_to(out, "http_requests_total{{method=\"{}\",status=\"{}\"}} {}\n", method_names[method],
                       class_names[status], requests_[method][status]);
  describe(all, "http_request_duration_seconds", "histogram", "From the whole head on to the last byte of the reply.");
  std::uint64_t sum = 0;
  for (std::size_t n = 0; n < buckets_.size(); ++n) {
    sum += buckets_[n];
    fmt::format_to(out, "http_request_duration_seconds_bucket{{le=\"{}\"}} {}\n",
                   n < bounds_.size() ? fmt::format("{}", bounds_[n]) : "+Inf", sum);
  }
  fmt::format_to(out, "http_request_duration_seconds_sum {}\nhttp_request_duration_seconds_count {}\n", seconds_, sum);
  describe(all, "http_response_body_bytes_total", "counter", "Bytes of bodies that were sent.");
  fmt::format_to(out, "http_response_body_bytes_total {}\n", body_bytes_);
  describe(all, "http_requests_in_flight", "gauge", "Requests whose handlers run.");
  fmt::format_to(out, "http_requests_in_flight {}\n", in_flight_);
  describe(all, "http_connections", "gauge", "Open connections.");
  const auto connections =
      std::accumulate(servers_.begin(), servers_.end(), std::size_t{0},
                      [](std::size_t so_far, const server* each) { return so_far + each->connections(); });
  fmt::format_to(out, "http_connections {}\n", connections);
  return all;
}

handler metrics::page() {
  return [this](request&) -> coro<reply> {
    reply given = reply::text(text());
    given.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    given.headers.set("Cache-Control", "no-store");
    co_return given;
  };
}

}  // namespace hocket::http
