// Whoever counts has counters of its own, so that loops do not wait for each other's cache lines. They are atomic because the page
// reads them from its own thread.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/server/loop_metrics.hpp>
#include <hocket/http/server/metrics.hpp>
#include <hocket/http/server/prometheus_text.hpp>

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

}  // namespace

struct alignas(64) metrics::counters {
  explicit counters(std::size_t bounds) : buckets(bounds + 1) {}

  void record(const request& asked, const answered& how, const std::vector<double>& bounds) noexcept {
    const int last_class = static_cast<int>(class_names.size()) - 1;
    const auto status_class = static_cast<std::size_t>(std::clamp(how.status / 100, 0, last_class));
    add(requests[index_of(asked.method())][status_class], 1);
    add(body_bytes, how.body_bytes);
    if (!how.refused_for.empty()) return;  // it took no time that says anything
    const double seconds = std::chrono::duration<double>(how.took).count();
    add(buckets[static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin())], 1);
    add(nanoseconds, static_cast<std::uint64_t>(std::chrono::nanoseconds(how.took).count()));
  }

  void add_all(const counters& other) noexcept {
    for (std::size_t method = 0; method < method_names.size(); ++method)
      for (std::size_t status = 0; status < class_names.size(); ++status)
        add(requests[method][status], other.requests[method][status]);
    for (std::size_t n = 0; n < buckets.size(); ++n) add(buckets[n], other.buckets[n]);
    add(nanoseconds, other.nanoseconds);
    add(body_bytes, other.body_bytes);
    add(in_flight, other.in_flight);
  }

  void write_requests(prometheus_text& to) const {
    to.begin("http_requests_total", "counter", "Requests by method and class of status.");
    for (std::size_t method = 0; method < method_names.size(); ++method)
      for (std::size_t status = 0; status < class_names.size(); ++status)
        if (const std::uint64_t number = requests[method][status]; number > 0)
          to.add_labelled(fmt::format("method=\"{}\",status=\"{}\"", method_names[method], class_names[status]),
                          number);
  }

  void write_durations(prometheus_text& to, const std::vector<double>& bounds) const {
    const std::vector<std::uint64_t> counts(buckets.begin(), buckets.end());
    const double seconds = std::chrono::duration<double>(std::chrono::nanoseconds(nanoseconds)).count();
    to.add_histogram("http_request_duration_seconds", "From the whole head on to the last byte of the reply.", bounds,
                     counts, seconds);
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
  counters all(bounds_.size());
  std::size_t connections = 0;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& each : counters_) all.add_all(*each);
    for (const auto& each : connections_) connections += *each;
  }
  prometheus_text page;
  all.write_requests(page);
  all.write_durations(page, bounds_);
  page.begin("http_response_body_bytes_total", "counter", "Bytes of bodies that were sent.");
  page.add(std::uint64_t{all.body_bytes});
  page.begin("http_requests_in_flight", "gauge", "Requests whose handlers run.");
  page.add(std::uint64_t{all.in_flight});
  page.begin("http_connections", "gauge", "Open connections.");
  page.add(std::uint64_t{connections});
  return std::move(page).text();
}

handler metrics::page() {
  return [this](request&) -> coro<reply> {
    reply given = reply::text(text() + co_await loop_metrics());
    given.headers.set("Content-Type", prometheus_text::content_type);
    given.headers.set("Cache-Control", "no-store");
    co_return given;
  };
}

}  // namespace hocket::http
