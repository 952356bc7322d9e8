#include <iterator>

#include <fmt/format.h>

#include <hocket/http/server/prometheus_text.hpp>

namespace hocket::http {

static std::string escaped(std::string_view label_value) {
  std::string text;
  for (const char each : label_value) {
    if (each == '\\' || each == '"') text += '\\';
    if (each == '\n')
      text += "\\n";
    else
      text += each;
  }
  return text;
}

void prometheus_text::begin(std::string_view name, std::string_view kind, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, kind, help);
}

void prometheus_text::add(std::uint64_t value) { fmt::format_to(std::back_inserter(text_), "{} {}\n", name_, value); }
void prometheus_text::add(double value) { fmt::format_to(std::back_inserter(text_), "{} {}\n", name_, value); }

void prometheus_text::add(std::string_view label, std::string_view label_value, std::uint64_t value) {
  add_labelled(fmt::format("{}=\"{}\"", label, escaped(label_value)), value);
}

void prometheus_text::add_labelled(std::string_view labels, std::uint64_t value) {
  fmt::format_to(std::back_inserter(text_), "{}{{{}}} {}\n", name_, labels, value);
}

static std::string bound_text(std::span<const double> bounds, std::size_t n) {
  return n < bounds.size() ? fmt::format("{}", bounds[n]) : "+Inf";
}

void prometheus_text::add_histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                                    std::span<const std::uint64_t> counts, double sum) {
  begin(name, "histogram", help);
  const auto out = std::back_inserter(text_);
  std::uint64_t so_far = 0;
  for (std::size_t n = 0; n < counts.size(); ++n) {
    so_far += counts[n];
    fmt::format_to(out, "{}_bucket{{le=\"{}\"}} {}\n", name, bound_text(bounds, n), so_far);
  }
  fmt::format_to(out, "{0}_sum {1}\n{0}_count {2}\n", name, sum, so_far);
}

void prometheus_text::add_buckets(std::string_view labels, std::span<const double> bounds,
                                  std::span<const std::uint64_t> counts) {
  const auto out = std::back_inserter(text_);
  std::uint64_t so_far = 0;
  for (std::size_t n = 0; n < counts.size(); ++n) {
    so_far += counts[n];
    fmt::format_to(out, "{}_bucket{{{},le=\"{}\"}} {}\n", name_, labels, bound_text(bounds, n), so_far);
  }
  fmt::format_to(out, "{}_count{{{}}} {}\n", name_, labels, so_far);
}

void prometheus_text::add_comment(std::string_view text) { fmt::format_to(std::back_inserter(text_), "# {}\n", text); }

}  // namespace hocket::http
