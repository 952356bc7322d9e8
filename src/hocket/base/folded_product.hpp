#pragma once

#include <cstdint>

namespace hocket {

/// Both halves of the product, folded: every bit of it depends on all of both, unless one is 0. A step of hashes.
[[nodiscard]] constexpr std::uint64_t folded_product(std::uint64_t one, std::uint64_t other) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(one) * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace hocket
