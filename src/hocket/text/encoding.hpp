#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hocket {

/// An encoding of characters by bytes, of those that documents on the web may have.
/// Source: the WHATWG Encoding Standard, https://encoding.spec.whatwg.org/.
enum class encoding : std::uint8_t {
  utf_8,
  ibm866,
  iso_8859_2,
  iso_8859_3,
  iso_8859_4,
  iso_8859_5,
  iso_8859_6,
  iso_8859_7,
  iso_8859_8,
  iso_8859_8_i,  ///< as `iso_8859_8`, whose text is in visual order
  iso_8859_10,
  iso_8859_13,
  iso_8859_14,
  iso_8859_15,
  iso_8859_16,
  koi8_r,
  koi8_u,
  macintosh,
  windows_874,
  windows_1250,
  windows_1251,
  windows_1252,  ///< also what "ascii", "latin1" and "iso-8859-1" mean
  windows_1253,
  windows_1254,
  windows_1255,
  windows_1256,
  windows_1257,
  windows_1258,
  x_mac_cyrillic,
  gbk,
  gb18030,
  big5,
  euc_jp,
  iso_2022_jp,
  shift_jis,
  euc_kr,
  replacement,  ///< for encodings that are dangerous to decode: stands for one U+FFFD
  utf_16be,
  utf_16le,
  x_user_defined,  ///< bytes above 7F are U+F780 and on
};

/// The encoding that a label means, in any case and with blanks around it: "latin1" and "ascii" mean windows-1252. Nothing
/// for labels that the standard does not know.
/// Source: WHATWG Encoding, section 4.2 "Names and labels".
[[nodiscard]] std::optional<encoding> encoding_for_label(std::string_view label) noexcept;

/// The name, which is one of the labels: "Shift_JIS".
[[nodiscard]] std::string_view name_of(encoding which) noexcept;

/// In which encoding forms and queries of a document are written: UTF-8 for those that are read only (UTF-16, replacement).
/// Source: WHATWG Encoding, "get an output encoding".
[[nodiscard]] encoding output_encoding(encoding of_document) noexcept;

}  // namespace hocket
