#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hocket {

/// Writes the queries of a document's links in the document's encoding, for `url::parse`.
///
/// An interface, so that a URL needs no tables of characters: whoever reads documents has them.
/// Source: WHATWG URL, "percent-encode after encoding"; HTML, "encoding-parse a URL".
class query_encoder {
 public:
  /// A character that the encoding does not have.
  struct missing_character {
    std::size_t at;  ///< in the bytes written: where it would stand
    char32_t character;
  };

  virtual ~query_encoder() = default;

  /// Appends `text`, which is UTF-8, to `bytes` in the encoding, and to `missing` what the encoding has not, in order.
  virtual void encode(std::string_view text, std::string& bytes, std::vector<missing_character>& missing) const = 0;

 protected:
  query_encoder() = default;
  query_encoder(const query_encoder&) = default;
  query_encoder& operator=(const query_encoder&) = default;
};

}  // namespace hocket
