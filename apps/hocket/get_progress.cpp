#include "get_progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include <hocket/loop/loop.hpp>

#include "progress_line.hpp"

namespace hocket::app {

static constexpr auto every = std::chrono::milliseconds(100);
static constexpr double mega = 1e6;
static constexpr std::size_t bar_width = 24;

get_progress::get_progress(bool shown, std::uint64_t first, std::optional<std::uint64_t> all)
    : shown_(shown), first_(first), all_(all), begun_(loop::running().time()), next_(begun_) {}

get_progress::~get_progress() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void get_progress::show(std::uint64_t bytes) {
  const time_point now = loop::running().time();
  if (!shown_ || now < next_) return;
  next_ = now + every;
  const double seconds = std::max(std::chrono::duration<double>(now - begun_).count(), 1e-3);
  const double there = static_cast<double>(first_ + bytes);
  const std::string rate = fmt::format("{:.1f} MB/s", static_cast<double>(bytes) / seconds / mega);
  if (!all_ || *all_ == 0) return draw(fmt::format("  {:.1f} MB  {}", there / mega, rate));
  const double share = std::min(there / static_cast<double>(*all_), 1.0);
  const auto filled = static_cast<std::size_t>(share * bar_width);
  draw(fmt::format("  {:3.0f} % [{}{}] {:.1f} of {:.1f} MB  {}", share * 100, std::string(filled, '#'),
                   std::string(bar_width - filled, ' '), there / mega, static_cast<double>(*all_) / mega, rate));
}

void get_progress::draw(std::string line) {
  drawn_ = true;
  fmt::print(stderr, "\r\x1b[K{}", fitted(std::move(line)));
}

}  // namespace hocket::app
