#include "check_progress.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/sleep.hpp>

#include "progress_line.hpp"

namespace hocket::app {

using mode = progress_display::mode;

static constexpr auto live_every = std::chrono::milliseconds(100);
static constexpr auto plain_every = std::chrono::seconds(5);

coro<void> check_progress::follow() {
  if (mode_ == mode::never) co_return;
  for (;;) {
    co_await sleep(mode_ == mode::live ? duration(live_every) : duration(plain_every));
    show();
  }
}

void check_progress::count(bool is_broken) noexcept {
  ++asked_;
  broken_ += is_broken ? 1 : 0;
}

void check_progress::show() {
  const std::string line =
      fmt::format("  asked for {} of {} URLs  broken {}", grouped(asked_), grouped(links_), grouped(broken_));
  if (mode_ == mode::live)
    fmt::print(stderr, "\r{}\x1b[K", fitted(line));
  else
    fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
  is_shown_ = mode_ == mode::live;
}

void check_progress::say(const std::string& line) {
  clear();
  fmt::print(stderr, "{}\n", line);
}

void check_progress::clear() {
  if (!std::exchange(is_shown_, false)) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace hocket::app
