// Multiplied and folded, sixteen bytes a step, as wyhash and its kin do it; the odd constants are of SplitMix64.

#include <cstddef>
#include <cstring>

#include <hocket/base/folded_product.hpp>
#include <hocket/base/text_hash.hpp>

namespace hocket {
namespace {

template <class Word>
std::uint64_t load(const char* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// Of at most 8 bytes. Of four and more the middle counts twice.
std::uint64_t load_rest(const char* bytes, std::size_t size) noexcept {
  if (size >= 4) return load<std::uint32_t>(bytes) | load<std::uint32_t>(bytes + size - 4) << 32;
  std::uint64_t word = 0;
  for (std::size_t n = 0; n < size; ++n) word = word << 8 | static_cast<unsigned char>(bytes[n]);
  return word;
}

}  // namespace

std::uint32_t text_hash(std::string_view text, std::uint64_t seed) noexcept {
  return static_cast<std::uint32_t>(wide_text_hash(text, seed));
}

std::uint64_t wide_text_hash(std::string_view text, std::uint64_t seed) noexcept {
  constexpr std::uint64_t first = 0x9e3779b97f4a7c15, second = 0xbf58476d1ce4e5b9;
  // So that nobody who does not know the seed can choose the factor 0; and nothing like the first `hash`, or exchanging the halves of a
  // step would make the same of another text.
  const std::uint64_t secret = folded_product(seed ^ second, first);
  std::uint64_t hash = seed ^ (text.size() * second);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; left -= 16, at += 16)
    hash = folded_product(hash ^ load<std::uint64_t>(at), load<std::uint64_t>(at + 8) ^ secret);
  if (left > 8)
    hash = folded_product(hash ^ load<std::uint64_t>(at), load<std::uint64_t>(at + left - 8) ^ secret);
  else
    hash = folded_product(hash ^ load_rest(at, left), first);
  return folded_product(hash ^ seed, second);
}

}  // namespace hocket
