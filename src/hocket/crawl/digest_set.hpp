#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hocket::crawl {

/// Distinct digests of 64 bits, at ten bytes each or so: what was seen is known by these alone. They must be like chance, and the texts
/// that they are of not chosen by somebody who knows their seed: see `wide_text_hash`. Then of n texts none at all is taken for another
/// but with a probability of n²/2⁶⁵: 3 in 100 million for a million of them, 3 in 100 for a thousand million.
class digest_set {
 public:
  digest_set();

  /// Whether it is new. If it throws (std::bad_alloc), nothing has changed.
  bool insert(std::uint64_t digest);
  [[nodiscard]] bool contains(std::uint64_t digest) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Memory that it has, in bytes.
  [[nodiscard]] std::size_t held_bytes() const noexcept;

 private:
  /// A table of its own, so that one that grows is a small part of the whole.
  struct part {
    std::vector<std::uint64_t> places{};  // 0: free
    std::size_t used = 0;
  };

  static void widen(part& which);

  std::vector<part> parts_;
  std::size_t size_ = 0;
};

}  // namespace hocket::crawl
