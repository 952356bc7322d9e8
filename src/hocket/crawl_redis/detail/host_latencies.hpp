#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hocket::crawl::detail {

/// How long the pages of hosts take, of which the last ones count most. Remembers so many hosts at most: when there are more, the faster half is forgotten.
class host_latencies {
 public:
  struct host {
    std::string name{};
    std::chrono::milliseconds page{};
    std::uint64_t pages = 0;
  };

  explicit host_latencies(std::size_t most_hosts) : most_(most_hosts) {}

  void add(std::string_view name, std::chrono::milliseconds took) {
    const auto found = hosts_.try_emplace(std::string(name)).first;
    known& of = found->second;
    const auto weight = static_cast<double>(std::min<std::uint64_t>(++of.pages, pages_that_count));
    of.milliseconds += (static_cast<double>(took.count()) - of.milliseconds) / weight;
    if (hosts_.size() > most_) forget_faster_half();
  }

  /// So many at most, the slowest first.
  [[nodiscard]] std::vector<host> slowest(std::size_t most) const {
    std::vector<host> all;
    for (const auto& [name, of] : hosts_)
      all.push_back({name, std::chrono::milliseconds(static_cast<std::int64_t>(of.milliseconds)), of.pages});
    const std::size_t count = std::min(most, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count), is_slower);
    all.resize(count);
    return all;
  }

 private:
  static constexpr std::uint64_t pages_that_count = 16;

  struct known {
    double milliseconds = 0;
    std::uint64_t pages = 0;
  };

  static bool is_slower(const host& one, const host& other) {
    return std::pair(-one.page, std::string_view(one.name)) < std::pair(-other.page, std::string_view(other.name));
  }

  void forget_faster_half() {
    std::unordered_map<std::string, known> kept;
    for (const host& each : slowest(most_ / 2)) kept.insert(hosts_.extract(each.name));
    hosts_ = std::move(kept);
  }

  std::size_t most_;
  std::unordered_map<std::string, known> hosts_;
};

}  // namespace hocket::crawl::detail
