#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/cookies/cookie_jar.hpp>

namespace hocket::http {

// Cookies in the file format that Netscape had and curl, wget and browsers' extensions read and write: a line for each,
// of seven fields between tabs (domain, whether for those below it, path, whether secure, expiry in seconds since 1970
// or 0, name, value), which `#HttpOnly_` may precede. It does not say for which sites a cookie is (SameSite).

struct cookies_txt_options {
  /// Also the cookies that are gone with the session.
  bool session_cookies = false;
};

/// Adds the cookies that the text has to the jar, those expired left out. Returns how many lines were neither a cookie
/// nor a comment: they are passed over.
std::size_t parse_cookies_txt(std::string_view text, cookie_jar& into, std::chrono::sys_seconds now);

/// The cookies of the jar that have not expired, by creation. Left out are those that the format cannot hold: with a
/// tab in name or path.
[[nodiscard]] std::string format_cookies_txt(const cookie_jar& jar, std::chrono::sys_seconds now,
                                             cookies_txt_options options = {});

/// The same from a file of at most 16 MiB. Throws std::system_error, hocket::error.
/// Counterpart: http.cookiejar.MozillaCookieJar.load.
[[nodiscard]] coro<std::size_t> load_cookies(std::string path, cookie_jar& into, std::chrono::sys_seconds now);

/// The same to a file, which only its owner may read, in one step: if it throws, what was there is there. Throws
/// std::system_error.
/// Counterpart: http.cookiejar.MozillaCookieJar.save.
[[nodiscard]] coro<void> save_cookies(std::string path, const cookie_jar& jar, std::chrono::sys_seconds now,
                                      cookies_txt_options options = {});

}  // namespace hocket::http
