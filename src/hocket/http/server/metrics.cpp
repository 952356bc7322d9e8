// Whoever counts has counters of its own, so that loops do not wait for each other's cache lines. They are atomic because the page
// reads them from its own thread.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/server/metrics.hpp>

namespace hocket::http {
namespace {

using count = std::atomic<std::uint64_t>;

// Others are one series: a client can choose any.
constexpr std::array<std::string_view, 9> method_names = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                          "OPTIONS", "CONNECT", "PATCH", "other"};
constexpr std::array<std::string_view, 6> class_names = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

std::size_t index_of(std::string_view method) noexcept {
  const auto* const last = method_names.end() - 1;
  return static_cast<std::size_t>(std::find(method_names.begin(), last, method) - method_names.begin());
}

void add(count& to, std::uint64_t number) noexcept { to.fetch_add(number, std::memory_order_relaxed); }

class counted_scope {
 public:
  explicit counted_scope(count& number) noexcept : number_(number) { add(number_, 1); }
  counted_scope(const counted_scope&) = delete;
  counted_scope& operator=(const counted_scope&) = delete;
  ~counted_scope() { number_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  count& number_;
};

void describe(std::string& to, std::string_view name, std::string_view kind, std::string_view help) {
  fmt::format_to(std::back_inserter(to), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, kind, help);
}

}  // namespace

struct alignas(64) metrics::counters {
  explicit counters(std::size_t bounds) : buckets(bounds + 1) {}

  void record(const request& asked, const answered& how, const std::vector<double>& bounds) noexcept {
    const int last_class = static_cast<int>(class_names.size()) - 1;
    const auto status_class = static_cast<std::size_t>(std::clamp(how.status / 100, 0, last_class));
    add(requests[index_of(asked.method())][status_class], 1);
    const double seconds = std::chrono::duration<double>(how.took).count();
    add(buckets[static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin())], 1);
    add(nanoseconds, static_cast<std::uint64_t>(std::chrono::nanoseconds(how.took).count()));
    add(body_bytes, how.body_bytes);
  }

  std::array<std::array<count, class_names.size()>, method_names.size()> requests{};
  std::vector<count> buckets;
  count nanoseconds{0};
  count body_bytes{0};
  count in_flight{0};
};

metrics::metrics(metrics_options options) : bounds_(std::move(options.buckets)) {
  if (std::ranges::adjacent_find(bounds_, std::greater_equal<>()) != bounds_.end())
    throw error("the buckets of a histogram do not ascend");
}

metrics::~metrics() = default;

metrics::counters& metrics::add_counters() {
  const std::scoped_lock lock(mutex_);
  return *counters_.emplace_back(std::make_unique<counters>(bounds_.size()));
}

std::function<void(const request&, const answered&)> metrics::on_answered() {
  return [&mine = add_counters(), &bounds = bounds_](const request& asked, const answered& how) {
    mine.record(asked, how, bounds);
  };
}

middleware metrics::in_flight() {
  return [&mine = add_counters()](request& asked, next_handler next) -> coro<reply> {
    const counted_scope one(mine.in_flight);
    co_return co_await next(asked);
  };
}

void metrics::watch(const server& one) {
  const std::scoped_lock lock(mutex_);
  connections_.push_back(one.connection_count());
}

std::string metrics::text() const {
  const std::scoped_lock lock(mutex_);
  const auto sum = [this](auto choose) {
    std::uint64_t all = 0;
    for (const auto& each : counters_) all += choose(*each).load(std::memory_order_relaxed);
    return all;
  };
  std::string all;
  const auto out = std::back_inserter(all);
  describe(all, "http_requests_total", "counter", "Requests by method and class of status.");
  for (std::size_t method = 0; method < method_names.size(); ++method)
    for (std::size_t status = 0; status < class_names.size(); ++status)
      if (const auto requests = sum([=](const counters& of) -> auto& { return of.requests[method][status]; }))
        fmt::format_to(out, "http_requests_total{{method=\"{}\",status=\"{}\"}} {}\n", method_names[method],
                       class_names[status], requests);
  describe(all, "http_request_duration_seconds", "histogram", "From the whole head on to the last byte of the reply.");
  std::uint64_t so_far = 0;
  for (std::size_t n = 0; n <= bounds_.size(); ++n) {
    so_far += sum([=](const counters& of) -> auto& { return of.buckets[n]; });
    fmt::format_to(out, "http_request_duration_seconds_bucket{{le=\"{}\"}} {}\n",
                   n < bounds_.size() ? fmt::format("{}", bounds_[n]) : "+Inf", so_far);
  }
  const auto nanoseconds = sum([](const counters& of) -> auto& { return of.nanoseconds; });
  fmt::format_to(out, "http_request_duration_seconds_sum {}\nhttp_request_duration_seconds_count {}\n",
                 static_cast<double>(nanoseconds) / 1e9, so_far);
  describe(all, "http_response_body_bytes_total", "counter", "Bytes of bodies that were sent.");
  const auto body_bytes = sum([](const counters& of) -> auto& { return of.body_bytes; });
  fmt::format_to(out, "http_response_body_bytes_total {}\n", body_bytes);
  describe(all, "http_requests_in_flight", "gauge", "Requests whose handlers run.");
  fmt::format_to(out, "http_requests_in_flight {}\n", sum([](const counters& of) -> auto& { return of.in_flight; }));
  describe(all, "http_connections", "gauge", "Open connections.");
  std::size_t connections = 0;
  for (const auto& each : connections_) connections += each->load(std::memory_order_relaxed);
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
