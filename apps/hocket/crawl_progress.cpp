#include "crawl_progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/sleep.hpp>

#include "host_table.hpp"

namespace hocket::app {
namespace {

constexpr auto live_every = std::chrono::milliseconds(100);
constexpr auto rates_over = std::chrono::seconds(2);
constexpr auto plain_every = std::chrono::seconds(5);
constexpr std::size_t most_hosts = 5;
constexpr std::size_t rows_left_alone = 6;  // of the terminal, above the table of hosts

std::string as_clock(duration elapsed) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count() / 100;
  const auto hours = tenths / 36'000;
  const auto minutes = tenths / 600 % 60;
  const auto rest = fmt::format("{:02}.{}", tenths / 10 % 60, tenths % 10);
  return hours > 0 ? fmt::format("{}:{:02}:{}", hours, minutes, rest) : fmt::format("{}:{}", minutes, rest);
}

std::string time_left(const crawl::progress& now, double pages_per_second) {
  if (!now.pages_in_all || now.pages >= *now.pages_in_all || pages_per_second <= 0) return "";
  const double seconds = static_cast<double>(*now.pages_in_all - now.pages) / pages_per_second;
  constexpr double longest = 99 * 3600.0;
  if (seconds > longest) return "";
  return "ETA " + as_clock(std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds)));
}

/// A part of the line, and how soon it gives way: 0 never.
struct part {
  std::string text;
  int dispensable;
};

/// As many parts as fit, whole, in their order.
std::string joined(const std::vector<part>& parts, std::size_t width) {
  int most = 0;
  for (const part& each : parts) most = std::max(most, each.dispensable);
  for (;; --most) {
    std::string line;
    for (const part& each : parts)
      if (each.dispensable <= most && !each.text.empty()) line.append("  ").append(each.text);
    if (line.size() <= width || most == 0) return line;
  }
}

}  // namespace

coro<void> progress_display::follow(const crawl::engine& work) {
  if (mode_ == mode::never) co_return;
  for (;;) {
    co_await sleep(mode_ == mode::live ? duration(live_every) : duration(plain_every));
    show(work.progress());
  }
}

progress_display::rates progress_display::rates_of(const crawl::progress& now) {
  if (recent_.empty()) recent_.push_back({{}, now.earlier_pages, now.earlier_bytes});
  recent_.push_back({now.elapsed, now.pages, now.bytes});
  while (recent_.size() > 2 && now.elapsed - recent_[1].elapsed >= rates_over) recent_.pop_front();
  const sample& begin = recent_.front();
  const double seconds = std::max(std::chrono::duration<double>(now.elapsed - begin.elapsed).count(), 1e-3);
  return {static_cast<double>(now.pages - begin.pages) / seconds,
          static_cast<double>(now.bytes - begin.bytes) / seconds};
}

void progress_display::show(const crawl::progress& now) {
  const rates speed = rates_of(now);
  const std::vector<part> parts{{grouped(now.pages) + " pages", 0},
                                {grouped(static_cast<std::uint64_t>(speed.pages_per_second)) + "/s", 0},
                                {fmt::format("{:.0f} MB/s", speed.bytes_per_second / 1e6), 5},
                                {fmt::format("in flight {}", now.in_flight), 4},
                                {"queued " + grouped(now.queued), 2},
                                {"errors " + grouped(now.failed), 0},
                                {as_clock(now.elapsed), 3},
                                {time_left(now, speed.pages_per_second), 1}};
  if (mode_ != mode::live) return live_.say(joined(parts, std::numeric_limits<std::size_t>::max()));
  const auto size = size_of_terminal();
  std::vector<std::string> lines{joined(parts, size ? size->columns - 1 : std::numeric_limits<std::size_t>::max())};
  if (counted_ != nullptr && size && size->rows > rows_left_alone) {
    const auto hosts = counted_->slowest(std::min(most_hosts, size->rows - rows_left_alone));
    for (std::string& line : host_table(hosts, size->columns)) lines.push_back(std::move(line));
  }
  live_.show(std::move(lines));
}

}  // namespace hocket::app
