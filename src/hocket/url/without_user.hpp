#pragma once

#include <string>
#include <string_view>

#include <hocket/url/url.hpp>

namespace hocket {

/// The URL as it may be shown to anybody: without user and password.
[[nodiscard]] inline std::string without_user(url target) {
  target.set_username("");
  target.set_password("");
  return target.href();
}

/// The same as a URL.
[[nodiscard]] inline url without_credentials(url target) {
  if (!target.has_credentials()) return target;
  target.set_username("");
  target.set_password("");
  return target;
}

/// The same of a text that is no URL: `***` for all that stands between its scheme and its last '@', so that no part of a password is seen,
/// whatever is wrong with it.
[[nodiscard]] inline std::string without_user(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  const std::size_t slashes = text.substr(0, at).find("//");
  const std::size_t begin = slashes == std::string_view::npos ? 0 : slashes + 2;
  return std::string(text.substr(0, begin)).append("***").append(text.substr(at));
}

}  // namespace hocket
