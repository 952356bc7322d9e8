// Multiplied and folded, eight bytes a step, as wyhash and its kin do it; the odd constants are of SplitMix64.

#include <cstddef>
#include <cstring>

#include <hocket/base/text_hash.hpp>

namespace hocket {
namespace {

std::uint64_t load(const char* bytes, std::size_t size) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

/// Both halves of the product: every bit of it depends on all of both.
std::uint64_t folded_product(std::uint64_t one, std::uint64_t other) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(one) * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint32_t text_hash(std::string_view text, std::uint64_t seed) noexcept {
  constexpr std::uint64_t first = 0x9e3779b97f4a7c15, second = 0xbf58476d1ce4e5b9;
  std::uint64_t hash = seed ^ (text.size() * second);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) hash = folded_product(hash ^ load(at, 8), first);
  if (left > 0) hash = folded_product(hash ^ load(at, left), first);
  return static_cast<std::uint32_t>(folded_product(hash ^ seed, second));
}

}  // namespace hocket
