#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hocket::crawl::detail {

/// Digests of the URLs that were seen of late, in bounded memory: grows with them up to some size, then each takes the place of an
/// older one. Nearly all links of a page are to URLs that are in it, so that the database need not be asked.
///
/// A digest of 64 bits that matches is taken for the URL. With one of n URLs that happens by chance with a probability of n²/2⁶⁵ while all are in
/// it, and of at most n·m/2⁶⁴ afterwards, m being how many it holds: for a thousand million URLs and a million places 6 in 100,000.
class recent_digests {
 public:
  enum class answer { known, unknown, perhaps };

  /// `most_bytes`: a power of two.
  explicit recent_digests(std::size_t most_bytes);

  /// `unknown`: certainly not inserted before. `perhaps`: it may have been, and was displaced.
  [[nodiscard]] answer look_up(std::uint64_t digest) const noexcept;
  void insert(std::uint64_t digest);
  /// It will be looked up soon.
  void prefetch(std::uint64_t digest) const noexcept { __builtin_prefetch(&sets_[digest & (sets_.size() - 1)]); }

  /// There are others that are not inserted: whatever is not known is `perhaps`.
  void know_not_all() noexcept { knows_all_ = false; }
  /// So many find a place, or nearly all of them.
  [[nodiscard]] std::size_t capacity() const noexcept { return most_sets_ * ways / 2; }

 private:
  static constexpr std::size_t ways = 8;
  struct alignas(64) set {
    std::array<std::uint64_t, ways> digests{};  // 0: free, and so are those behind it
  };

  [[nodiscard]] set& set_of(std::uint64_t digest) noexcept { return sets_[digest & (sets_.size() - 1)]; }
  void widen();

  std::vector<set> sets_;  // a power of two of them
  std::size_t most_sets_;
  bool knows_all_ = true;
};

}  // namespace hocket::crawl::detail
