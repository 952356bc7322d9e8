#pragma once

#include <string>
#include <string_view>

namespace hocket {

/// Replaces each `%` that two hex digits follow by the byte they name; every other byte stays, lone `%` included.
/// The result is bytes: it need not be UTF-8 and may hold NUL and `/`, so check it before it names a file.
/// Source: WHATWG URL, "percent-decode".
[[nodiscard]] std::string percent_decode(std::string_view text);

/// Writes the name of a file, or several joined by `/`, as a path that `percent_decode` turns back into the same bytes.
/// Everything but `/`, letters, digits and `!'()*-._~` is encoded, `%`, `?`, `#` and `:` included, so that the result
/// can stand in a link as it is: no name can pass for a scheme, a query or a fragment.
/// Source: WHATWG URL, "component percent-encode set", less the slash.
[[nodiscard]] std::string percent_encode_path(std::string_view path);

}  // namespace hocket
