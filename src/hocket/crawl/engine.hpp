#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/crawl/tally.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl {

/// How far a crawl is. What an earlier run of it has come to counts.
struct progress : tally {
  std::size_t in_flight = 0;
  std::size_t queued = 0;
  duration elapsed{};  // of this run
  // What earlier runs have come to.
  std::uint64_t earlier_pages = 0;
  std::uint64_t earlier_bytes = 0;
  /// Where it will end, as far as that is known: it is so by `max_pages`, and when the last level of `depth` is reached.
  std::optional<std::uint64_t> pages_in_all{};
};

/// What runs a crawl: `crawler` on one loop, `spread_crawler` on several. Belongs to the loop that it was made on.
class engine {
 public:
  virtual ~engine() = default;

  /// Crawls until nothing is left. Cancelled, it takes no more URLs, finishes the pages under way, writes what was found, and
  /// throws `cancelled`. Throws `hocket::error` if the output cannot be written, and whatever else a pipeline or frontier throws.
  [[nodiscard]] virtual coro<void> run() = 0;

  [[nodiscard]] virtual crawl::progress progress() const = 0;

  /// The hosts that want to be left alone still: at the end, for whoever goes on asking. See `link_checker::leave_alone`.
  [[nodiscard]] virtual std::vector<resting_host> resting() const = 0;
};

}  // namespace hocket::crawl
