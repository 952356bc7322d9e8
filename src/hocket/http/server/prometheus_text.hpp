#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hocket::http {

/// Metrics as Prometheus reads them, in its text format 0.0.4.
///
///     prometheus_text page;
///     page.begin("jobs_total", "counter", "Jobs by outcome.");
///     page.add("outcome", "done", done);
///     page.add("outcome", "failed", failed);
///     std::move(page).text()
class prometheus_text {
 public:
  /// Of a page of metrics.
  static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

  /// A metric; what is added from here on are its samples. `kind`: "counter", "gauge". `help` is one line.
  void begin(std::string_view name, std::string_view kind, std::string_view help);
  void add(std::uint64_t value);
  void add(double value);
  /// With a label, whose value may be any text.
  void add(std::string_view label, std::string_view label_value, std::uint64_t value);
  /// For metrics of more labels: `labels` as they stand between the braces.
  void add_labelled(std::string_view labels, std::uint64_t value);

  /// A histogram: `counts` for each bucket by itself, one more than there are upper bounds. `sum` of all that was counted.
  void add_histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                     std::span<const std::uint64_t> counts, double sum);

  /// The buckets of a histogram that has labels, and no sum that is known: `labels` as they stand between the braces. What `begin` began is a
  /// "histogram".
  void add_buckets(std::string_view labels, std::span<const double> bounds, std::span<const std::uint64_t> counts);

  /// A line that Prometheus passes over. `text` is one line.
  void add_comment(std::string_view text);

  [[nodiscard]] const std::string& text() const& noexcept { return text_; }
  [[nodiscard]] std::string text() && noexcept { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

}  // namespace hocket::http
