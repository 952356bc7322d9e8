#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <hocket/url/detail/byte_set.hpp>

namespace hocket::detail {

// What parser and setters alike ask of a text.

inline constexpr byte_set scheme_characters = ascii_alpha | ascii_digits | byte_set("+-.");
inline constexpr byte_set slashes("/\\");
inline constexpr byte_set only_slash("/");
inline constexpr byte_set ends_special_authority("/\\?#");
inline constexpr byte_set ends_other_authority("/?#");
inline constexpr byte_set ends_path("?#");
inline constexpr byte_set tabs_and_newlines("\t\n\r");

[[nodiscard]] constexpr std::size_t count(std::string_view text, const byte_set& set) noexcept {
  std::size_t found = 0;
  for (const char byte : text) found += set.contains(byte);
  return found;
}

/// Where in `text` the first byte of `set` stands; the size of `text` if there is none.
[[nodiscard]] inline std::size_t find_first(std::string_view text, const byte_set& set) noexcept {
  std::size_t at = 0;
  while (at < text.size() && !set.contains(text[at])) ++at;
  return at;
}

[[nodiscard]] inline std::string without_tabs_and_newlines(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (const char byte : text) {
    if (!tabs_and_newlines.contains(byte)) kept.push_back(byte);
  }
  return kept;
}

/// Where the colon before the port stands, those of an IPv6 address aside; the size of `text` if there is none.
[[nodiscard]] inline std::size_t find_port_colon(std::string_view text) noexcept {
  bool in_brackets = false;
  std::size_t at = 0;
  for (; at < text.size() && (text[at] != ':' || in_brackets); ++at) {
    if (text[at] == '[') in_brackets = true;
    if (text[at] == ']') in_brackets = false;
  }
  return at;
}

/// `C:` or `C|`, which stand for a host in no file URL.
/// Source: WHATWG URL, "Windows drive letter".
[[nodiscard]] inline bool is_drive_letter(std::string_view text) noexcept {
  return text.size() == 2 && ascii_alpha.contains(text[0]) && (text[1] == ':' || text[1] == '|');
}

[[nodiscard]] inline bool starts_with_drive_letter(std::string_view text) noexcept {
  return is_drive_letter(text.substr(0, 2)) && (text.size() == 2 || ends_special_authority.contains(text[2]));
}

}  // namespace hocket::detail
