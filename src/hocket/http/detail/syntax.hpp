#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// The small grammar that all fields share: tokens, optional whitespace, case (RFC 9110, 5.6).

namespace hocket::http::detail {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

/// C0 controls and DEL; horizontal tab is one of them.
constexpr bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

/// Whether any byte is a control character; asked of 8 at once. In each high bit: what borrows from the next byte is found itself.
inline bool has_control(std::string_view text) noexcept {
  if (text.size() < 8) return std::ranges::any_of(text, is_control);
  constexpr std::uint64_t each = 0x0101'0101'0101'0101;
  std::uint64_t found = 0;
  const auto look_at = [&found](const char* from) {
    std::uint64_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    const std::uint64_t del = bytes ^ (each * 0x7f);
    found |= ((bytes - each * 0x20) & ~bytes) | ((del - each) & ~del);
  };
  for (const char *at = text.data(), *last = at + text.size() - 8; at < last; at += 8) look_at(at);
  look_at(text.data() + text.size() - 8);
  return (found & (each * 0x80)) != 0;
}

/// A table of letters, digits and `others`: asked for every byte of every name.
constexpr std::array<bool, 256> alphanumerics_and(std::string_view others) noexcept {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 256; ++byte) table[byte] = is_alphanumeric(static_cast<char>(byte));
  for (const char c : others) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr bool consists_of(std::string_view text, const std::array<bool, 256>& table) noexcept {
  return std::ranges::all_of(text, [&table](char c) { return table[static_cast<unsigned char>(c)]; });
}

inline constexpr auto token_chars = alphanumerics_and("!#$%&'*+-.^_`|~");

constexpr bool is_token_char(char c) noexcept { return token_chars[static_cast<unsigned char>(c)]; }

constexpr bool is_token(std::string_view text) noexcept { return !text.empty() && consists_of(text, token_chars); }

/// What may stand in the value of a field: all but controls, horizontal tab excepted.
constexpr bool is_field_value(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

constexpr bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return to_lower(a) == to_lower(b); });
}

/// Without the spaces and tabs around it.
constexpr std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view whitespace = " \t";
  const auto first = text.find_first_not_of(whitespace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(whitespace) - first + 1);
}

inline std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

}  // namespace hocket::http::detail
