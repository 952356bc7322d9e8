#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <hocket/http/cookies/set_cookie.hpp>
#include <hocket/http/server/cookie_session.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/loop/system_wall_clock.hpp>

namespace hocket::http {

/// Of the cookie that stands for a session. It is always HttpOnly.
struct session_cookie_options {
  std::string name = "session";
  std::string domain{};
  std::string path = "/";
  bool secure = true;  ///< browsers take such cookies from localhost without TLS too
  http::same_site same_site = http::same_site::lax;
  /// From the last request on: a cookie of which half has passed is renewed.
  std::chrono::seconds lifetime = std::chrono::days(14);
  /// The time of day, by `system_wall_clock` or another; must be given.
  std::chrono::sys_seconds (*wall_clock)() = nullptr;
};

/// Keeps sessions in the cookies themselves, signed: nothing to store, and any server with the keys can serve any client. Clients can read
/// what is in them, cannot change it, but can bring back an older one within its lifetime: what has to be revoked is for
/// `memory_sessions`.
///
/// `keys` as those of `cookie_signer`: the first signs, all verify; an old one may go after `lifetime`. A cookie that is forged, expired
/// or malformed is as none. Replies that set one are `Cache-Control: no-store` unless they say something else. A session that does not fit
/// into a cookie (4096 bytes with all) is `hocket::error`, that is 500. Throws `hocket::error` of options that make no cookie.
/// Counterpart: aiohttp_session's EncryptedCookieStorage, without its encryption.
[[nodiscard]] middleware cookie_sessions(std::vector<std::string> keys, session_cookie_options options);

}  // namespace hocket::http
