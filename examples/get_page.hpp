#pragma once

// Twisted's getPage by hocket's HTTP client, for the two programs with deferreds.

#include <string>

#include <hocket/deferred.hpp>
#include <hocket/http/client/session.hpp>

inline hocket::coro<std::string> fetch(hocket::http::session& web, std::string url) {
  auto answer = co_await web.get(url);
  co_return std::string(co_await answer.read());
}

/// The body of a page, when it has come.
inline hocket::deferred<std::string> get_page(hocket::http::session& web, const std::string& url) {
  return hocket::ensure_deferred(fetch(web, url));
}
