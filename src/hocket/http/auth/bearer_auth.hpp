#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

/// `Bearer mF_9.B5f-4.1JqM`, for `Authorization`. Throws hocket::error if that is no token: letters, digits, `-._~+/`,
/// then `=`.
/// Source: RFC 6750, 2.1.
[[nodiscard]] std::string format_bearer(std::string_view token);

/// The token of an `Authorization`; nothing if it is malformed or of another scheme. Compare it in constant time.
[[nodiscard]] std::optional<std::string> parse_bearer(std::string_view field);

}  // namespace hocket::http
