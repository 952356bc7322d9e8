#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/text/encoding.hpp>

namespace hocket {

/// What decided on an encoding, from the strongest to the weakest.
enum class encoding_source : std::uint8_t {
  byte_order_mark,  ///< the first bytes
  transport,        ///< who sent it said so: the `charset` of a Content-Type
  declaration,      ///< the document itself: `<meta charset>`, or an XML declaration
  content,          ///< a guess, from the bytes outside ASCII
  fallback,         ///< nothing: there was nothing to go by
};

struct detected_encoding {
  encoding value;
  encoding_source source;

  friend bool operator==(const detected_encoding&, const detected_encoding&) = default;
};

/// How much of a document is searched for a declaration, in bytes.
inline constexpr std::size_t declaration_bytes = 1024;

/// In which encoding a document is. `beginning` are its first bytes: a declaration is looked for in the first 1024, and a
/// guess is made from all of them, so give 1024 or the whole document, and more if a guess matters. `charset` is the
/// parameter of its Content-Type, empty for none; a label that nobody knows counts for nothing.
/// Source: HTML, 13.2.3.2 "Determining the character encoding"; the guess is uchardet's, or UTF-8 if the bytes are that.
[[nodiscard]] detected_encoding detect_encoding(std::string_view beginning, std::string_view charset,
                                                encoding fallback = encoding::windows_1252);

// The steps of it, for those whose document is still to come.

/// UTF-8 or UTF-16, if `beginning` starts with the mark of one. Three bytes are enough.
/// Source: WHATWG Encoding, "BOM sniff".
[[nodiscard]] std::optional<encoding> encoding_of_byte_order_mark(std::string_view beginning) noexcept;

/// What the document declares within the first 1024 bytes.
/// Source: HTML, 13.2.3.2 "prescan a byte stream to determine its encoding".
[[nodiscard]] std::optional<encoding> declared_encoding(std::string_view beginning);

/// What the bytes outside ASCII look like; nothing where there are none or none that tell. A text that may be cut within a
/// character at its end is still UTF-8.
[[nodiscard]] std::optional<encoding> guess_encoding(std::string_view bytes);

}  // namespace hocket
