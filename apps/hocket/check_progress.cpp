#include "check_progress.hpp"

#include <chrono>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/sleep.hpp>

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
    live_.show({line});
  else
    live_.say(line);
}

}  // namespace hocket::app
