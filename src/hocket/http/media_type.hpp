#pragma once

#include <string>
#include <string_view>

namespace hocket::http {

/// What a `Content-Type` field says.
struct media_type {
  std::string essence;  ///< `type/subtype` in lower case; empty if the field is malformed
  std::string charset;  ///< the `charset` parameter as it was written; empty if there is none

  friend bool operator==(const media_type&, const media_type&) = default;
};

/// Reads a `Content-Type`. Forgiving as browsers are: a malformed parameter is skipped, the first `charset` counts.
/// Source: RFC 9110, 8.3.1; WHATWG MIME Sniffing, 4.4.
[[nodiscard]] media_type parse_media_type(std::string_view content_type);

/// The `Content-Type` for a file, by the extension of its name: `text/html; charset=utf-8` for `a/b.HTML`.
/// `application/octet-stream` for a name without an extension or with an unknown one. Never fails; the view is static.
[[nodiscard]] std::string_view media_type_for_path(std::string_view path) noexcept;

}  // namespace hocket::http
