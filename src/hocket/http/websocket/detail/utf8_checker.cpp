// Whether a byte may stand where it does is told by it and the three before it, without a branch, so that the compiler looks at sixteen at once; for
// that they come in blocks. ASCII in front, which most often is all there is, is passed over more quickly still.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <hocket/http/websocket/detail/utf8_checker.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::size_t reach = 3;   // of what is told of a byte, to those before it
constexpr std::size_t block = 32;  // bytes
constexpr std::size_t longest_beginning = 48;
static_assert(longest_beginning >= reach + (reach + block - 1));  // what came before, and no whole block

template <std::size_t Words>
bool is_ascii(const char* bytes) noexcept {
  std::array<std::uint64_t, Words> words;
  std::memcpy(words.data(), bytes, sizeof words);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) all |= word;
  return (all & 0x8080'8080'8080'8080) == 0;
}

std::string_view without_ascii_in_front(std::string_view bytes) noexcept {
  while (bytes.size() >= 64 && is_ascii<8>(bytes.data())) bytes.remove_prefix(64);
  while (bytes.size() >= 8 && is_ascii<1>(bytes.data())) bytes.remove_prefix(8);
  while (!bytes.empty() && static_cast<unsigned char>(bytes.front()) < 0x80) bytes.remove_prefix(1);
  return bytes;
}

// What a second byte may not be is what would be overlong, a surrogate, or beyond U+10FFFF. Numbers with a sign are what processors compare most
// easily: as such 80 is the least, and BF the greatest of those that continue.
constexpr bool is_wrong(unsigned char third, unsigned char second, unsigned char before, unsigned char byte) {
  const auto number = static_cast<signed char>(byte);
  const bool continues = number < -0x40;
  const bool is_below_90 = number < -0x70;
  const bool is_below_a0 = number < -0x60;
  const bool has_to_continue = (before >= 0xC0) | (second >= 0xE0) | (third >= 0xF0);
  const bool is_in_none = ((byte & 0xFEU) == 0xC0) | (byte > 0xF4);
  const bool is_no_second = ((before == 0xE0) & is_below_a0) | ((before == 0xED) & !is_below_a0) |
                            ((before == 0xF0) & is_below_90) | ((before == 0xF4) & !is_below_90);
  return (continues != has_to_continue) | is_in_none | is_no_second;
}

// The same where no character has more than two bytes, as in most alphabets.
constexpr bool is_wrong(unsigned char before, unsigned char byte) {
  const bool continues = static_cast<signed char>(byte) < -0x40;
  return (continues != (before >= 0xC0)) | ((byte & 0xFEU) == 0xC0);
}

bool are_right_and_short(const unsigned char* bytes) noexcept {
  unsigned char most = 0;
  unsigned char wrong = 0;
  for (const unsigned char* at = bytes; at != bytes + block; ++at) {
    most = std::max({most, at[-3], at[0]});
    wrong |= static_cast<unsigned char>(is_wrong(at[-1], at[0]));
  }
  return most < 0xE0 && wrong == 0;
}

// There are `reach` bytes in front of them.
template <std::size_t Count>
bool are_right(const unsigned char* bytes) noexcept {
  unsigned char wrong = 0;
  for (const unsigned char* at = bytes; at != bytes + Count; ++at)
    wrong |= static_cast<unsigned char>(is_wrong(at[-3], at[-2], at[-1], at[0]));
  return wrong == 0;
}

}  // namespace

// The beginning is as long as leaves whole blocks, each with `reach` bytes in front of it, and is looked at behind zeros and what came before.
bool utf8_checker::add(std::string_view bytes) noexcept {
  if (is_whole()) bytes = without_ascii_in_front(bytes);
  if (bytes.empty()) return true;
  const std::size_t first = bytes.size() < reach ? bytes.size() : reach + (bytes.size() - reach) % block;
  std::array<unsigned char, reach + longest_beginning> beginning{};
  unsigned char* const end = beginning.data() + beginning.size();
  std::copy(before_.begin(), before_.end(), end - first - reach);
  std::memcpy(end - first, bytes.data(), first);
  if (!are_right<longest_beginning>(end - longest_beginning)) return false;
  const unsigned char* last = end - reach;
  for (bytes.remove_prefix(first); !bytes.empty(); bytes.remove_prefix(block)) {
    const auto* const next = reinterpret_cast<const unsigned char*>(bytes.data());
    if (!are_right_and_short(next) && !are_right<block>(next)) return false;
    last = next + block - reach;
  }
  keep_unfinished(last);
  return true;
}

void utf8_checker::keep_unfinished(const unsigned char* last) noexcept {
  const std::ptrdiff_t size = last[0] >= 0xF0 ? 3 : last[1] >= 0xE0 ? 2 : last[2] >= 0xC0 ? 1 : 0;
  before_ = {};
  std::copy(last + reach - size, last + reach, before_.end() - size);
}

}  // namespace hocket::http::detail
