#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/text/encoding.hpp>

namespace hocket {

namespace detail {
class pointer_index;
}

/// Turns UTF-8 into bytes of any encoding that is written (see `output_encoding`; for the others this one is).
///
///     while (auto missing = encoder.encode(text, bytes)) bytes += stand_in_for(*missing);
///
/// The first encoder of an encoding that is not UTF-8 takes some milliseconds to make tables, which all later ones share.
/// Throws `hocket::error` if ICU lacks what it needs for them. Belongs to one task at a time.
/// Source: WHATWG Encoding, sections 8 to 14 (the encoders), 4.1 "encode or fail".
class text_encoder {
 public:
  explicit text_encoder(encoding to);

  /// Appends the bytes of `text` up to the first character that the encoding does not have, takes all of that from `text`
  /// and returns the character; nothing when the whole text was written. What is no UTF-8 counts as U+FFFD.
  [[nodiscard]] std::optional<char32_t> encode(std::string_view& text, std::string& bytes);

 private:
  /// What is written next in ISO-2022-JP if no escape sequence comes before.
  enum class jis_mode : std::uint8_t { ascii, roman, jis0208 };

  [[nodiscard]] bool append(char32_t character, std::string& bytes);
  [[nodiscard]] bool append_gb18030(char32_t character, std::string& bytes) const;
  [[nodiscard]] bool append_big5(char32_t character, std::string& bytes) const;
  [[nodiscard]] bool append_euc_kr(char32_t character, std::string& bytes) const;
  [[nodiscard]] bool append_shift_jis(char32_t character, std::string& bytes) const;
  [[nodiscard]] bool append_euc_jp(char32_t character, std::string& bytes) const;
  [[nodiscard]] bool append_iso_2022_jp(char32_t character, std::string& bytes);
  void change_mode(jis_mode wanted, std::string& bytes);

  encoding encoding_;
  jis_mode mode_ = jis_mode::ascii;
  const detail::pointer_index* pointers_ = nullptr;
  const detail::pointer_index* more_pointers_ = nullptr;  // GB 18030's four bytes
};

}  // namespace hocket
