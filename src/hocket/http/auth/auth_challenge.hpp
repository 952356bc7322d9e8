#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

/// A challenge of a server, or the credentials of a client: both have the same form.
struct auth_challenge {
  struct parameter {
    std::string name;  ///< in lower case
    std::string value;
    friend bool operator==(const parameter&, const parameter&) = default;
  };

  std::string scheme;  ///< in lower case: `basic`
  std::string token;   ///< what stands in place of parameters: `QWxhZGRpbjpvcGVuIHNlc2FtZQ==`; or empty
  std::vector<parameter> parameters;

  /// The value of the parameter of that name, given in lower case.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;

  friend bool operator==(const auth_challenge&, const auth_challenge&) = default;
};

/// Reads a `WWW-Authenticate` or `Proxy-Authenticate`, of which several are joined by commas before: one challenge
/// after the other, in the order of the server. Nothing if it is malformed, has a parameter twice, or more than 16
/// challenges or 32 parameters in one.
/// Source: RFC 9110, 11.2 to 11.3 and 11.6.1.
[[nodiscard]] std::optional<std::vector<auth_challenge>> parse_auth_challenges(std::string_view field);

/// Reads an `Authorization` or `Proxy-Authorization`. Nothing if it is malformed, or more than one.
/// Source: RFC 9110, 11.4 and 11.6.2.
[[nodiscard]] std::optional<auth_challenge> parse_credentials(std::string_view field);

}  // namespace hocket::http
