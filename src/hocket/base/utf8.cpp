#include <cstring>

#include <hocket/base/utf8.hpp>

namespace hocket {

void append_utf8(std::string& out, char32_t character) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((character >> shift) & 0x3f)); };
  if (character < 0x80) {
    out += static_cast<char>(character);
  } else if (character < 0x800) {
    out += {static_cast<char>(0xc0 | (character >> 6)), tail(0)};
  } else if (character < 0x10000) {
    out += {static_cast<char>(0xe0 | (character >> 12)), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xf0 | (character >> 18)), tail(12), tail(6), tail(0)};
  }
}

namespace {

/// How a character goes on that begins with some byte.
struct lead {
  std::uint8_t tails;          // how many bytes follow; 0 for bytes that begin nothing
  std::uint8_t lowest = 0x80;  // the least that the first of them may be, and the greatest
  std::uint8_t highest = 0xbf;
};

constexpr lead lead_of(unsigned char byte) {
  if (byte < 0xc2) return {0};
  if (byte < 0xe0) return {1};
  if (byte == 0xe0) return {2, 0xa0};
  if (byte == 0xed) return {2, 0x80, 0x9f};
  if (byte < 0xf0) return {2};
  if (byte == 0xf0) return {3, 0x90};
  if (byte < 0xf4) return {3};
  if (byte == 0xf4) return {3, 0x80, 0x8f};
  return {0};
}

}  // namespace

utf8_character leading_utf8(std::string_view text) noexcept {
  const auto at = [text](std::size_t n) { return static_cast<unsigned char>(text[n]); };
  const auto first = at(0);
  if (first < 0x80) return {first, 1, true, false};
  const lead how = lead_of(first);
  if (how.tails == 0) return {replacement_character, 1, false, false};
  auto value = static_cast<char32_t>(first & (0x3f >> how.tails));
  for (std::size_t n = 1; n <= how.tails; ++n) {
    if (n == text.size()) return {replacement_character, n, false, true};
    const auto lowest = n == 1 ? how.lowest : 0x80;
    const auto highest = n == 1 ? how.highest : 0xbf;
    if (at(n) < lowest || at(n) > highest) return {replacement_character, n, false, false};
    value = value << 6 | (at(n) & 0x3fU);
  }
  return {value, std::size_t{how.tails} + 1, true, false};
}

bool is_valid_utf8(std::string_view text) noexcept {
  for (;;) {
    text.remove_prefix(leading_ascii(text));
    if (text.empty()) return true;
    const auto next = leading_utf8(text);
    if (!next.is_valid) return false;
    text.remove_prefix(next.size);
  }
}

void append_valid_utf8(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // bytes that wait to be copied as they are
  while (plain < text.size()) {
    plain += leading_ascii(text.substr(plain));
    if (plain == text.size()) break;
    const auto next = leading_utf8(text.substr(plain));
    if (next.is_valid) {
      plain += next.size;
      continue;
    }
    out.append(text, 0, plain);
    append_utf8(out, replacement_character);
    text.remove_prefix(plain + next.size);
    plain = 0;
  }
  out.append(text);
}

std::size_t leading_ascii(std::string_view text) noexcept {
  std::size_t size = 0;
  for (std::uint64_t word = 0; size + sizeof word <= text.size(); size += sizeof word) {
    std::memcpy(&word, text.data() + size, sizeof word);
    if (word & 0x8080808080808080U) break;
  }
  while (size < text.size() && static_cast<unsigned char>(text[size]) < 0x80) ++size;
  return size;
}

}  // namespace hocket
