#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

struct basic_credentials {
  std::string user;
  std::string password;
  friend bool operator==(const basic_credentials&, const basic_credentials&) = default;
};

/// `Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==`, for `Authorization`; whoever sees it can read the password. Both are bytes,
/// which should be UTF-8. Throws hocket::error if the user has a colon, or one of them a control character. Source: RFC
/// 7617.
[[nodiscard]] std::string format_basic(const basic_credentials& credentials);

/// Reads an `Authorization`; nothing if it is malformed or of another scheme.
[[nodiscard]] std::optional<basic_credentials> parse_basic(std::string_view field);

}  // namespace hocket::http
