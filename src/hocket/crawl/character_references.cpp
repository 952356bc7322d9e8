// Character references of HTML, in attribute values.
//
// The names are a sorted table, generated. The longest name that the text begins with is found by narrowing the table's
// range character by character: a trie without the nodes, each step a binary search in what is left. `&amp;`, which is
// nearly all that links contain, is looked for first. Values have their end before they are decoded, so no state is
// carried from one piece of input to the next: the tokenizer keeps the source text of a value and decodes it whole.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <hocket/base/utf8.hpp>
#include <hocket/crawl/character_references.hpp>

namespace hocket::crawl {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

struct named_reference {
  std::string_view name;  // without the ampersand, with the semicolon if the name has one
  std::string_view text;  // UTF-8
};

constexpr named_reference named_references[] = {
#include <hocket/crawl/character_references.inc>
};

// What &#128; to &#159; stand for: the characters of windows-1252, where it has any.
constexpr std::array<char16_t, 32> c1_replacements = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                      0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                                      0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                      0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// The value of a digit in the base 10 or 16, or -1.
int digit_value(char c, int base) {
  if (is_digit(c)) return c - '0';
  const int letter = (c | 0x20) - 'a';
  return base == 16 && letter >= 0 && letter < 6 ? letter + 10 : -1;
}

void append_numbered(char32_t number, std::string& out) {
  const bool is_surrogate = number >= 0xD800 && number <= 0xDFFF;
  if (number == 0 || number > 0x10FFFF || is_surrogate) {
    out += replacement_character;
  } else if (number >= 0x80 && number <= 0x9F) {
    append_utf8(out, c1_replacements[number - 0x80]);
  } else {
    append_utf8(out, number);
  }
}

// Each of the functions below takes text that begins with an ampersand, appends what it stands for and returns how many
// bytes of it that covers. An ampersand that begins no reference stands for itself.

std::size_t append_ampersand(std::string& out) {
  out += '&';
  return 1;
}

std::size_t append_numeric_reference(std::string_view text, std::string& out) {
  const bool is_hexadecimal = text.size() > 2 && (text[2] | 0x20) == 'x';
  const int base = is_hexadecimal ? 16 : 10;
  const std::size_t digits_begin = is_hexadecimal ? 3 : 2;
  std::size_t end = digits_begin;
  std::uint32_t number = 0;
  for (; end < text.size(); ++end) {
    const int digit = digit_value(text[end], base);
    if (digit < 0) break;
    number = std::min<std::uint32_t>(number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit),
                                     0x110000);
  }
  if (end == digits_begin) return append_ampersand(out);
  append_numbered(number, out);
  return end < text.size() && text[end] == ';' ? end + 1 : end;
}

// The longest name in the table that `text` begins with, or nullptr.
const named_reference* longest_name(std::string_view text) {
  const named_reference* longest = nullptr;
  auto first = std::begin(named_references);
  auto last = std::end(named_references);
  for (std::size_t depth = 0; depth < text.size() && first != last; ++depth) {
    // All names in the range are longer than `depth` and agree with the text up to there.
    const auto character = text[depth];
    first = std::partition_point(first, last, [&](const auto& reference) { return reference.name[depth] < character; });
    last = std::partition_point(first, last, [&](const auto& reference) { return reference.name[depth] == character; });
    if (first != last && first->name.size() == depth + 1) longest = first++;
  }
  return longest;
}

std::size_t append_named_reference(std::string_view text, std::string& out) {
  if (text.starts_with("&amp;")) {
    append_ampersand(out);
    return 5;
  }
  const named_reference* const reference = longest_name(text.substr(1));
  if (!reference) return append_ampersand(out);
  const std::size_t end = 1 + reference->name.size();
  const bool is_unfinished = reference->name.back() != ';';
  if (is_unfinished && end < text.size() && (text[end] == '=' || is_alphanumeric(text[end])))
    return append_ampersand(out);
  out += reference->text;
  return end;
}

std::size_t append_reference(std::string_view text, std::string& out) {
  if (text.size() < 2) return append_ampersand(out);
  return text[1] == '#' ? append_numeric_reference(text, out) : append_named_reference(text, out);
}

}  // namespace

void decode_attribute_value(std::string_view source, std::string& decoded) {
  constexpr std::string_view special("&\r\0", 3);
  decoded.clear();
  for (;;) {
    const std::size_t plain_size = std::min(source.find_first_of(special), source.size());
    decoded += source.substr(0, plain_size);
    source.remove_prefix(plain_size);
    if (source.empty()) return;
    switch (source.front()) {
      case '&':
        source.remove_prefix(append_reference(source, decoded));
        break;
      case '\r':
        decoded += '\n';
        source.remove_prefix(source.starts_with("\r\n") ? 2 : 1);
        break;
      case '\0':
        decoded += replacement_character;
        source.remove_prefix(1);
        break;
    }
  }
}

}  // namespace hocket::crawl
