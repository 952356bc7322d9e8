#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

/// To which requests that another site caused a cookie goes. Source: RFC 6265bis, 5.6.7.
enum class same_site : unsigned char {
  unspecified,  ///< as `lax`
  none,         ///< all; only for secure cookies
  lax,          ///< those that lead the user to the site by a safe method
  strict,       ///< none
};

/// No cookie's name and value are longer together, and no attribute's value is.
inline constexpr std::size_t most_cookie_bytes = 4096;
inline constexpr std::size_t most_cookie_attribute_bytes = 1024;

/// What a `Set-Cookie` says.
struct set_cookie {
  std::string name;
  std::string value;
  /// In lower case, without a leading dot. Empty: for the host alone.
  std::string domain{};
  /// Empty: that of the request, up to its last slash.
  std::string path{};
  /// `max_age` counts rather than `expires`; without either it is gone with the session.
  std::optional<std::chrono::sys_seconds> expires{};
  std::optional<std::chrono::seconds> max_age{};
  bool secure = false;
  bool http_only = false;
  http::same_site same_site = http::same_site::unspecified;

  friend bool operator==(const set_cookie&, const set_cookie&) = default;
};

/// Reads it as user agents do: attributes that are unknown, malformed or too long are passed over, the last of a name
/// counts. Nothing if it is to be ignored altogether: empty, too long, with control characters, or without a name where
/// its value begins like one that has a meaning (`__Host-`). Source: RFC 6265bis, 5.6.
[[nodiscard]] std::optional<set_cookie> parse_set_cookie(std::string_view field);

/// Writes it for a user agent. Throws hocket::error if a user agent would ignore or misread it: a name that is no
/// token, a value with blanks, quotes, commas, semicolons, backslashes, controls or bytes outside of ASCII, lengths
/// over the limits, `same_site::none` without `secure`, a prefix of the name (`__Host-`, `__Secure-`) that promises
/// something else. Source: RFC 6265bis, 4.1.
[[nodiscard]] std::string format_set_cookie(const set_cookie& cookie);

/// Whether name and attributes agree: a name with `__Secure-` is secure, one with `__Host-` also without a domain and
/// for the path `/`.
/// Source: RFC 6265bis, 4.1.3.
[[nodiscard]] bool keeps_its_prefix(const set_cookie& cookie) noexcept;

}  // namespace hocket::http
