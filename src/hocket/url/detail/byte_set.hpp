#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace hocket::detail {

/// A set of bytes, asked in one load. Built when the program is compiled.
class byte_set {
 public:
  constexpr byte_set() = default;
  constexpr explicit byte_set(std::string_view members) {
    for (const char member : members) contains_[static_cast<unsigned char>(member)] = true;
  }

  /// The bytes from `first` to `last`, both included.
  static constexpr byte_set range(unsigned char first, unsigned char last) {
    byte_set set;
    for (std::size_t byte = first; byte <= last; ++byte) set.contains_[byte] = true;
    return set;
  }

  [[nodiscard]] constexpr bool contains(char byte) const noexcept {
    return contains_[static_cast<unsigned char>(byte)];
  }

  friend constexpr byte_set operator|(byte_set left, const byte_set& right) {
    for (std::size_t byte = 0; byte < 256; ++byte) left.contains_[byte] |= right.contains_[byte];
    return left;
  }
  friend constexpr byte_set operator-(byte_set left, const byte_set& right) {
    for (std::size_t byte = 0; byte < 256; ++byte) left.contains_[byte] &= !right.contains_[byte];
    return left;
  }

 private:
  std::array<bool, 256> contains_{};
};

inline constexpr byte_set ascii_digits = byte_set::range('0', '9');
inline constexpr byte_set ascii_upper = byte_set::range('A', 'Z');
inline constexpr byte_set ascii_alpha = ascii_upper | byte_set::range('a', 'z');
inline constexpr byte_set ascii_hex_digits = ascii_digits | byte_set::range('a', 'f') | byte_set::range('A', 'F');
inline constexpr byte_set ascii_control = byte_set::range(0x00, 0x1f);
inline constexpr byte_set non_ascii = byte_set::range(0x80, 0xff);

// The percent-encode sets, named and built as the standard does.
// Source: WHATWG URL, section 1.3 "Percent-encoded bytes".
inline constexpr byte_set c0_control_percent_encode_set = ascii_control | byte_set::range(0x7f, 0xff);
inline constexpr byte_set fragment_percent_encode_set = c0_control_percent_encode_set | byte_set(" \"<>`");
inline constexpr byte_set query_percent_encode_set = c0_control_percent_encode_set | byte_set(" \"#<>");
inline constexpr byte_set special_query_percent_encode_set = query_percent_encode_set | byte_set("'");
inline constexpr byte_set path_percent_encode_set = query_percent_encode_set | byte_set("?^`{}");
inline constexpr byte_set userinfo_percent_encode_set = path_percent_encode_set | byte_set("/:;=@[\\]|");
inline constexpr byte_set component_percent_encode_set = userinfo_percent_encode_set | byte_set("$%&+,");

/// What no host may contain, and what no domain may once it is percent-decoded.
/// Source: WHATWG URL, section 3.2 "forbidden host code point", "forbidden domain code point".
inline constexpr byte_set forbidden_in_host = byte_set(std::string_view("\0\t\n\r #/:<>?@[\\]^|", 17));
inline constexpr byte_set forbidden_in_domain = forbidden_in_host | ascii_control | byte_set("%\x7f");

[[nodiscard]] constexpr char to_ascii_lower(char letter) noexcept {
  return ascii_upper.contains(letter) ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

/// Precondition: `digit` is one of `ascii_hex_digits`.
[[nodiscard]] constexpr unsigned hex_value(char digit) noexcept {
  if (ascii_digits.contains(digit)) return static_cast<unsigned>(digit - '0');
  return static_cast<unsigned>(to_ascii_lower(digit) - 'a') + 10;
}

}  // namespace hocket::detail
