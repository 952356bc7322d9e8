#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/text/encoding.hpp>

namespace hocket {

namespace detail {
class character_index;
}

/// Turns bytes of any encoding into UTF-8 while they arrive, as browsers do: what means nothing becomes U+FFFD, one for each
/// error as the standard counts them. How the bytes are cut into pieces changes nothing.
///
/// A byte order mark of the encoding's own is dropped. The first decoder of an encoding that is not UTF-8 or UTF-16 takes
/// some milliseconds to make tables, which all later ones share. Throws `hocket::error` if ICU lacks what it needs for them.
/// Belongs to one task at a time.
/// Source: WHATWG Encoding, sections 8 to 14 (the decoders), 4.1 "decode".
class text_decoder {
 public:
  explicit text_decoder(encoding from);

  /// Appends the text of `bytes` to `text`, as far as they are complete characters; keeps the rest, three bytes at most.
  void decode(std::string_view bytes, std::string& text);

  /// After the last bytes: appends U+FFFD if they ended within a character. The decoder is as new then.
  void finish(std::string& text);

  /// How often bytes meant nothing so far, in all that was decoded: a U+FFFD that the bytes themselves mean is none of these.
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }

 private:
  struct step;
  /// What a byte of ISO-2022-JP means depends on the last escape sequence.
  enum class jis_mode : std::uint8_t { ascii, roman, katakana, jis0208 };

  void run(std::string_view bytes, bool is_end, std::string& text);
  void append(char32_t character, std::string& text);
  step next(std::string_view bytes, bool is_end);
  step next_utf_8(std::string_view bytes, bool is_end) const;
  step next_utf_16(std::string_view bytes, bool is_end) const;
  step next_single_byte(std::string_view bytes) const;
  step next_gb18030(std::string_view bytes, bool is_end) const;
  step next_big5(std::string_view bytes, bool is_end) const;
  step next_euc_kr(std::string_view bytes, bool is_end) const;
  step next_shift_jis(std::string_view bytes, bool is_end) const;
  step next_euc_jp(std::string_view bytes, bool is_end) const;
  step next_iso_2022_jp(std::string_view bytes, bool is_end);
  step escape_iso_2022_jp(std::string_view bytes, bool is_end);

  encoding encoding_;
  bool is_ascii_based_;   // a byte below 80 outside of a character is ASCII
  bool at_start_ = true;  // nothing was written: a byte order mark may come
  jis_mode mode_ = jis_mode::ascii;
  bool mode_unused_ = false;   // an escape sequence was the last thing
  bool has_replaced_ = false;  // the one U+FFFD of `replacement` was written
  std::size_t errors_ = 0;
  const detail::character_index* characters_ = nullptr;
  const detail::character_index* more_characters_ = nullptr;  // JIS X 0212, or GB 18030's four bytes
  std::string kept_;
};

/// The text of `bytes` in UTF-8. A byte order mark decides, whatever `fallback` says, and is dropped.
/// Source: WHATWG Encoding, "decode".
[[nodiscard]] std::string decode(std::string_view bytes, encoding fallback);

}  // namespace hocket
