#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hocket {

/// A name and a value, of a form or of the query of a URL. Names may come again; their order counts.
struct form_field {
  std::string name;
  std::string value;
  friend bool operator==(const form_field&, const form_field&) = default;
};

/// What the decoded bytes of a form are read as.
enum class form_text : unsigned char {
  utf8,   ///< text: what is ill-formed becomes U+FFFD, as browsers do it
  bytes,  ///< whatever was encoded, unchanged: for data that is no text, and for forms in other encodings
};

struct form_urlencoded_options {
  std::size_t fields = 1000;
  /// Of the text, encoded.
  std::size_t size_bytes = std::size_t{1} << 20;
  form_text text = form_text::utf8;
};

enum class form_urlencoded_error : unsigned char { too_many_fields, too_large };

/// Reads `a=1&b=two+words`: the fields of a query, or of a body of type application/x-www-form-urlencoded. Only the limits are errors:
/// a `%` that stands for nothing stands for itself, a part without `=` is a name with an empty value, an empty part is none.
/// Source: WHATWG URL, section 5.1 "application/x-www-form-urlencoded parsing". Counterpart: urllib.parse.parse_qsl.
[[nodiscard]] std::expected<std::vector<form_field>, form_urlencoded_error> parse_form_urlencoded(
    std::string_view text, form_urlencoded_options options = {});

/// Writes fields so that `parse_form_urlencoded` reads them again. `+` stands for a blank; all but letters, digits and
/// `*-._` is percent-encoded.
/// Source: WHATWG URL, section 5.2 "application/x-www-form-urlencoded serializing". Counterpart: urllib.parse.urlencode.
[[nodiscard]] std::string serialize_form_urlencoded(std::span<const form_field> fields);

}  // namespace hocket
