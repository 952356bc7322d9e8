#include "crawl_progress.hpp"

#include <cstdio>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/graph/printable.hpp>

#include "progress_line.hpp"

namespace hocket::app {

static constexpr auto live_every = std::chrono::milliseconds(100);
static constexpr auto rates_over = std::chrono::seconds(2);
static constexpr auto plain_every = std::chrono::seconds(5);

static std::string as_clock(duration elapsed) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count() / 100;
  const auto hours = tenths / 36'000;
  const auto minutes = tenths / 600 % 60;
  const auto rest = fmt::format("{:02}.{}", tenths / 10 % 60, tenths % 10);
  return hours > 0 ? fmt::format("{}:{:02}:{}", hours, minutes, rest) : fmt::format("{}:{}", minutes, rest);
}

coro<void> progress_display::follow(const crawl::crawler& work) {
  if (mode_ == mode::never) co_return;
  for (;;) {
    co_await sleep(mode_ == mode::live ? duration(live_every) : duration(plain_every));
    show(work.progress());
  }
}

std::string progress_display::time_left(const crawl::progress& now) const {
  if (!most_pages_ || now.pages == 0 || now.pages >= *most_pages_) return "";
  const auto pages = static_cast<double>(now.pages);
  const double share = (static_cast<double>(*most_pages_) - pages) / pages;
  return "  ETA " + as_clock(std::chrono::duration_cast<duration>(now.elapsed * share));
}

void progress_display::show(const crawl::progress& now) {
  recent_.push_back({now.elapsed, now.pages, now.bytes});
  while (recent_.size() > 2 && now.elapsed - recent_[1].elapsed >= rates_over) recent_.pop_front();
  const sample begin = recent_.size() > 1 ? recent_.front() : sample{};
  const double seconds = std::chrono::duration<double>(now.elapsed - begin.elapsed).count();
  const double pages = static_cast<double>(now.pages - begin.pages) / seconds;
  const double megabytes = static_cast<double>(now.bytes - begin.bytes) / 1e6 / seconds;
  const std::string line =
      fmt::format("  {} pages  {}/s  {:.0f} MB/s  in flight {}  queued {}  errors {}  {}{}", grouped(now.pages),
                  grouped(static_cast<std::uint64_t>(pages)), megabytes, now.in_flight, grouped(now.queued),
                  grouped(now.failed), as_clock(now.elapsed), time_left(now));
  if (mode_ == mode::live)
    fmt::print(stderr, "\r{}\x1b[K", fitted(line));
  else
    fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
  shown_ = mode_ == mode::live;
}

void progress_display::say(const std::string& line) {
  clear();
  fmt::print(stderr, "{}\n", graph::printable(line));  // servers choose what is in it
}

void progress_display::clear() {
  if (!std::exchange(shown_, false)) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace hocket::app
