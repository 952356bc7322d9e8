#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hocket::crawl::detail {

/// Digests of URLs of which Redis has heard of late, so that it is not told of each link of each page: one that is not here may have been told all the same.
class recent_urls {
 public:
  /// Eight bytes each, rounded down to a power of two.
  explicit recent_urls(std::size_t bytes) : places_(std::bit_floor(std::max<std::size_t>(bytes, 8)) / 8) {}

  [[nodiscard]] bool contains(std::uint64_t digest) const noexcept { return places_[place_of(digest)] == digest; }
  void insert(std::uint64_t digest) noexcept { places_[place_of(digest)] = digest; }
  void clear() noexcept { std::ranges::fill(places_, 0); }

 private:
  [[nodiscard]] std::size_t place_of(std::uint64_t digest) const noexcept { return digest & (places_.size() - 1); }

  std::vector<std::uint64_t> places_;  // 0: nothing
};

}  // namespace hocket::crawl::detail
