#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/loop/clock.hpp>

#include "crawl_progress.hpp"

namespace CLI {
class App;
}

namespace hocket::app {

/// What belongs to `hocket crawl --check`.
struct check_arguments {
  bool wanted = false;
  std::string format = "text";
  std::string baseline;
  bool write_baseline = false;
  std::string cache;
  std::uint64_t cache_age_seconds = 86'400;
  bool no_external = false;
};

/// --check, and the options that need it.
void add_check_options(CLI::App& command, check_arguments& arguments);

/// Complains of what is wrong with the files that are read at the end, before anything is asked. Throws `failure`.
void require_readable_lists(const check_arguments& arguments);

/// What is checked: a crawl that has ended.
struct checked_crawl {
  std::string directory;
  crawl::crawl_options options;
  std::unordered_map<std::string, std::string> traps{};  // URLs that the crawl took for a space without end, and why
  std::vector<crawl::resting_host> resting{};            // hosts that it was told to leave alone
  progress_display::mode progress = progress_display::mode::never;
  bool quiet = false;
  bool verbose = false;
  time_point begun{};
};

/// Why a crawl did not follow a URL is no reason against asking for it once ("depth"), or it is ("calendar").
[[nodiscard]] bool is_trap(std::string_view reason) noexcept;

/// Checks each link of a crawl: asks for those that the crawl has not fetched, prints what is broken to standard output, and gives the exit code.
/// Writes the baseline and the cache if it is to. Throws `failure`, `hocket::error`, `cancelled`.
[[nodiscard]] coro<int> check_links(const check_arguments& arguments, checked_crawl crawl);

}  // namespace hocket::app
