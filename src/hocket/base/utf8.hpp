#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hocket {

/// What stands in decoded text for bytes that mean nothing.
inline constexpr char32_t replacement_character = U'\uFFFD';

/// Appends a Unicode scalar value as UTF-8. Precondition: it is at most U+10FFFF and no surrogate.
void append_utf8(std::string& out, char32_t character);

/// One character at the front of a text.
struct utf8_character {
  char32_t value;    ///< U+FFFD if the bytes are ill-formed
  std::size_t size;  ///< how many bytes it takes: at least 1
  bool is_valid;
  bool is_cut;  ///< the text ends within it, and might go on well
};

/// Reads the first character. Of ill-formed bytes it takes as many as the standard makes one U+FFFD of: the longest start
/// of a character, or one byte. Precondition: `text` is not empty.
/// Source: WHATWG Encoding, "UTF-8 decoder"; Unicode, "U+FFFD Substitution of Maximal Subparts".
[[nodiscard]] utf8_character leading_utf8(std::string_view text) noexcept;

/// Nothing in `text` is ill-formed.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// Appends `text` to `out` with U+FFFD for what is ill-formed.
void append_valid_utf8(std::string& out, std::string_view text);

/// How many bytes at the front of `text` are ASCII.
[[nodiscard]] std::size_t leading_ascii(std::string_view text) noexcept;

}  // namespace hocket
