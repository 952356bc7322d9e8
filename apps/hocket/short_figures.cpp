#include "short_figures.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace hocket::app {
namespace {

// Two digits at least, unless the second is a zero behind the point.
std::string two_digits(double number) {
  const double tenths = std::round(number * 10);
  const bool is_whole = tenths >= 100 || std::fmod(tenths, 10) == 0;
  return is_whole ? fmt::format("{:.0f}", number) : fmt::format("{:.1f}", number);
}

std::string with_unit(double number, double smallest) {
  if (number < smallest) return two_digits(number);
  constexpr std::array units{'k', 'M', 'G', 'T', 'P', 'E'};
  std::size_t unit = 0;
  for (number /= 1000; std::round(number) >= 1000 && unit + 1 < units.size(); ++unit) number /= 1000;
  return two_digits(number) + units[unit];
}

}  // namespace

std::string short_count(double count) { return with_unit(count, 99'999.5); }

std::string short_size(double bytes) { return with_unit(bytes, 999.5); }

std::string short_time(std::chrono::nanoseconds time) {
  const double seconds = std::max(0.0, std::chrono::duration<double>(time).count());
  if (seconds < 999.5e-9) return fmt::format("{:.0f}ns", seconds * 1e9);
  if (seconds < 999.5e-6) return two_digits(seconds * 1e6) + "us";
  if (seconds < 999.5e-3) return two_digits(seconds * 1e3) + "ms";
  if (seconds < 99.95) return fmt::format("{}s", two_digits(seconds));
  const auto whole = static_cast<long long>(seconds);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 100 * 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d", whole / 86'400);
}

}  // namespace hocket::app
