#pragma once

// What the readers of markup share: characters, and names as numbers.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hocket::crawl::detail {

// The first of the wanted characters in [at, end), or end.
template <char... Wanted>
const char* find(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i hits = (_mm_cmpeq_epi8(block, _mm_set1_epi8(Wanted)) | ...);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask) return at + std::countr_zero(mask);
  }
#endif
  for (; at != end; ++at) {
    if (((*at == Wanted) || ...)) return at;
  }
  return end;
}

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
inline bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline const char* skip_spaces(const char* at, const char* end) {
  while (at != end && is_space(*at)) ++at;
  return at;
}

// Packed names. Six bits a character; letters without regard to case. Exact for up to ten characters, which holds for
// all names of interest; longer ones are all alike.

inline constexpr std::uint64_t overlong_name = ~std::uint64_t{0};

inline constexpr auto name_digits = [] {
  std::array<std::uint8_t, 256> digits;
  digits.fill(63);
  for (std::size_t n = 0; n < 26; ++n) digits['a' + n] = digits['A' + n] = static_cast<std::uint8_t>(n + 1);
  digits['-'] = 27;
  for (const char terminator : std::string_view(" \n\t\r\f/>")) digits[static_cast<unsigned char>(terminator)] = 0;
  return digits;
}();

// 0 for what ends a name.
constexpr std::uint8_t name_digit(char c) { return name_digits[static_cast<unsigned char>(c)]; }

constexpr std::uint64_t extended(std::uint64_t name, std::uint8_t digit) {
  return name >> 54 ? overlong_name : name << 6 | digit;
}

constexpr std::uint64_t packed(std::string_view name) {
  std::uint64_t result = 0;
  for (const char c : name) result = extended(result, name_digit(c));
  return result;
}

inline bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

/// Whether one of the words of `text` is that one, whatever its case.
inline bool has_token(std::string_view text, std::string_view lower_case_token) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while ((at = skip_spaces(at, end)) != end) {
    const char* const token_end = std::find_if(at, end, is_space);
    if (equals_ignoring_case({at, token_end}, lower_case_token)) return true;
    at = token_end;
  }
  return false;
}

}  // namespace hocket::crawl::detail
