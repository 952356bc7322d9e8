#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl {

/// What the pages of a host have come to.
struct host_stats {
  std::string host;  // "example.org:8080"
  std::uint64_t pages = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  duration latest{};  // what a page takes of late: the mean, in which each page counts an eighth
};

/// Counts pages by status, time and host, for those who watch a crawl. Fed by `crawl_hooks::on_page`. Belongs to one loop.
class crawl_stats {
 public:
  /// Upper bounds in seconds of the buckets of `durations`; the last bucket has none.
  static constexpr std::array bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                     0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 30.0};
  /// Those that come when so many are known are counted in all sums, and not by themselves.
  static constexpr std::size_t most_hosts = 10'000;

  /// `seed`: drawn at random, for sites choose the hosts; see `text_hash`.
  explicit crawl_stats(std::uint64_t seed = 0) : hosts_(0, seeded_text_hash{seed}) {}

  void add(const page_record& page);

  [[nodiscard]] const std::map<int, std::uint64_t>& by_status() const noexcept { return by_status_; }  // 0: no answer
  [[nodiscard]] const std::array<std::uint64_t, bounds.size() + 1>& durations() const noexcept { return durations_; }
  [[nodiscard]] double seconds() const noexcept { return static_cast<double>(milliseconds_) / 1000; }  // in all
  [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }

  /// At most so many hosts, those whose pages take longest of late first, or those with the most pages. Looks at all.
  [[nodiscard]] std::vector<host_stats> slowest(std::size_t most) const;
  [[nodiscard]] std::vector<host_stats> busiest(std::size_t most) const;

 private:
  using table = std::unordered_map<std::string, host_stats, seeded_text_hash, std::equal_to<>>;

  host_stats* find_or_add(std::string_view host);

  std::map<int, std::uint64_t> by_status_;
  std::array<std::uint64_t, bounds.size() + 1> durations_{};
  std::int64_t milliseconds_ = 0;
  table hosts_;
};

}  // namespace hocket::crawl
