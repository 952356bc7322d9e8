// Input: the value of a Set-Cookie, which is also read as a date, a Cookie field, a signed value and a cookies.txt.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/cookie_date.hpp>
#include <hocket/http/cookies/cookie_jar.hpp>
#include <hocket/http/cookies/cookie_signer.hpp>
#include <hocket/http/cookies/cookies_txt.hpp>
#include <hocket/http/cookies/request_cookies.hpp>
#include <hocket/http/cookies/set_cookie.hpp>

namespace {

using namespace std::chrono;
using hocket::url;

constexpr sys_seconds now = sys_days{year{2025} / January / 1};

void require(bool holds) {
  if (!holds) std::abort();
}

void check_set_cookie(std::string_view text) {
  const auto cookie = hocket::http::parse_set_cookie(text);
  if (!cookie) return;
  require(cookie->name.size() + cookie->value.size() <= hocket::http::most_cookie_bytes);
  require(cookie->path.empty() || cookie->path.starts_with('/'));
  std::string written;
  try {
    written = hocket::http::format_set_cookie(*cookie);
  } catch (const hocket::error&) {
    return;
  }
  // A reader drops one dot before a domain, so that of two leaves another cookie (which no host matches).
  if (!cookie->domain.starts_with('.')) require(hocket::http::parse_set_cookie(written) == cookie);
}

void check_jar(std::string_view text) {
  static const url from = url::parse("https://www.example.org/docs/a.html").value();
  static const url stranger = url::parse("https://example.net/docs/").value();
  hocket::http::cookie_jar jar;
  const bool taken = jar.take(text, from, now);
  require(jar.size() <= (taken ? 1U : 0U));
  require(jar.header_for(stranger, now).empty());
  for (const auto& it : jar.all()) require(it.domain == "www.example.org" || it.domain == "example.org");
  const std::string field = jar.header_for(from, now);
  require(field.find_first_of(";\r\n") == std::string::npos);
}

void check_cookies_txt(std::string_view text) {
  hocket::http::cookie_jar jar;
  hocket::http::parse_cookies_txt(text, jar, now);
  const std::string written = hocket::http::format_cookies_txt(jar, now, {.session_cookies = true});
  hocket::http::cookie_jar again;
  require(hocket::http::parse_cookies_txt(written, again, now) == 0);
  require(hocket::http::format_cookies_txt(again, now, {.session_cookies = true}) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const hocket::http::cookie_signer signer({std::string(16, 'k')});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_set_cookie(text);
  check_jar(text);
  check_cookies_txt(text);
  static_cast<void>(hocket::http::parse_cookie_date(text));
  require(hocket::http::request_cookies::parse(text).size() <= 300);
  require(!signer.verify("name", text));
  return 0;
}
