#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

/// As credentials carry it: `+`, `/`, and padding. Source: RFC 4648, 4.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// The other way; nothing for what no encoder writes: other characters, missing padding, bits that are lost.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// As it may stand in names, cookies and URLs: `-`, `_`, and no padding. Source: RFC 4648, 5.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace hocket::http
