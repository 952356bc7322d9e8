#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket {

/// A name and its value, as forms and queries have them. Names may come again; their order counts.
using form_field = std::pair<std::string, std::string>;

/// Reads `a=1&b=two+words`: the fields of a query or of a body of type application/x-www-form-urlencoded, decoded to UTF-8
/// with U+FFFD for what is ill-formed. Nothing is an error: a part without `=` is a name with an empty value.
/// Source: WHATWG URL, section 5.1 "application/x-www-form-urlencoded parsing".
[[nodiscard]] std::vector<form_field> parse_form_urlencoded(std::string_view text);

/// Writes fields so that `parse_form_urlencoded` reads them again. `+` stands for a blank; all but letters, digits and
/// `*-._` is percent-encoded.
/// Source: WHATWG URL, section 5.2 "application/x-www-form-urlencoded serializing".
[[nodiscard]] std::string serialize_form_urlencoded(std::span<const form_field> fields);

}  // namespace hocket
