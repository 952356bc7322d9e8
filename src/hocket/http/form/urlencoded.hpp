#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

/// A name and a value, of a form or of the query of a URL.
struct form_field {
  std::string name;
  std::string value;
  friend bool operator==(const form_field&, const form_field&) = default;
};

struct urlencoded_limits {
  std::size_t fields = 1000;
  /// Of the text, encoded.
  std::size_t size_bytes = std::size_t{1} << 20;
};

enum class urlencoded_error : unsigned char { too_many_fields, too_large };

/// Reads `a=1&b=two+words`, in order; names may occur several times. Nothing is malformed: a `%` that stands for
/// nothing stands for itself, a name without `=` has an empty value. The result is bytes: it need not be UTF-8.
/// Source: WHATWG URL, "application/x-www-form-urlencoded parsing". Counterpart: urllib.parse.parse_qsl.
[[nodiscard]] std::expected<std::vector<form_field>, urlencoded_error> parse_urlencoded(std::string_view text,
                                                                                        urlencoded_limits limits = {});

/// The other way: all but letters, digits and `*-._` is percent-encoded, a space becomes `+`.
/// Source: WHATWG URL, "application/x-www-form-urlencoded serializing". Counterpart: urllib.parse.urlencode.
[[nodiscard]] std::string format_urlencoded(std::span<const form_field> fields);

}  // namespace hocket::http
