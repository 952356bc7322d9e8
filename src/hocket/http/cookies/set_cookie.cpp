#include <algorithm>
#include <limits>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/cookie_date.hpp>
#include <hocket/http/cookies/set_cookie.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http {
namespace {

constexpr std::string_view host_prefix = "__host-";
constexpr std::string_view secure_prefix = "__secure-";

constexpr bool begins_with(std::string_view text, std::string_view prefix) noexcept {
  return detail::equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

/// Takes what stands before the next semicolon, and that.
std::string_view take_piece(std::string_view& rest) noexcept {
  const auto piece = rest.substr(0, rest.find(';'));
  rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
  return piece;
}

/// Numbers beyond all clocks stand for the last that can be said.
std::optional<std::chrono::seconds> parse_max_age(std::string_view text) noexcept {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const int digit = c - '0';
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return std::chrono::seconds(is_negative ? -value : value);
}

same_site parse_same_site(std::string_view text) noexcept {
  if (detail::equal_ignoring_case(text, "none")) return same_site::none;
  if (detail::equal_ignoring_case(text, "lax")) return same_site::lax;
  if (detail::equal_ignoring_case(text, "strict")) return same_site::strict;
  return same_site::unspecified;
}

void apply_attribute(set_cookie& cookie, std::string_view name, std::string_view value) {
  const auto is = [name](std::string_view known) { return detail::equal_ignoring_case(name, known); };
  if (value.size() > most_cookie_attribute_bytes) return;
  if (is("expires")) {
    if (const auto date = parse_cookie_date(value)) cookie.expires = date;
  } else if (is("max-age")) {
    if (const auto age = parse_max_age(value)) cookie.max_age = age;
  } else if (is("domain")) {
    cookie.domain = detail::lower_case(value.starts_with('.') ? value.substr(1) : value);
  } else if (is("path")) {
    cookie.path = value.starts_with('/') ? value : "";
  } else if (is("secure")) {
    cookie.secure = true;
  } else if (is("httponly")) {
    cookie.http_only = true;
  } else if (is("samesite")) {
    cookie.same_site = parse_same_site(value);
  }
}

bool is_cookie_octet(char c) noexcept { return c > ' ' && c < '\x7f' && c != '"' && c != ',' && c != ';' && c != '\\'; }

bool is_attribute_value(std::string_view text) noexcept {
  return text.size() <= most_cookie_attribute_bytes && detail::trim(text) == text &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f' && c != ';'; });
}

void check(const set_cookie& cookie) {
  if (!detail::is_token(cookie.name)) throw error("the name of a cookie is no token");
  if (!std::all_of(cookie.value.begin(), cookie.value.end(), is_cookie_octet))
    throw error("the value of cookie '" + cookie.name + "' has a character that no cookie may have");
  if (cookie.name.size() + cookie.value.size() > most_cookie_bytes)
    throw error("the cookie '" + cookie.name + "' is too long");
  const bool has_path = cookie.path.empty() || cookie.path.starts_with('/');
  if (!is_attribute_value(cookie.domain) || !is_attribute_value(cookie.path) || !has_path)
    throw error("cookie '" + cookie.name + "' has a domain or path that no cookie may have");
  if (cookie.same_site == same_site::none && !cookie.secure)
    throw error("cookie '" + cookie.name + "' is for all sites and must be secure");
  if (!keeps_its_prefix(cookie)) throw error("cookie '" + cookie.name + "' is not what its prefix promises");
}

}  // namespace

std::optional<set_cookie> parse_set_cookie(std::string_view field) {
  if (!detail::is_field_value(field)) return std::nullopt;
  const auto pair = take_piece(field);
  const std::size_t equals = pair.find('=');
  set_cookie cookie;
  if (equals != std::string_view::npos) cookie.name = detail::trim(pair.substr(0, equals));
  cookie.value = detail::trim(equals == std::string_view::npos ? pair : pair.substr(equals + 1));
  const std::size_t size = cookie.name.size() + cookie.value.size();
  if (size == 0 || size > most_cookie_bytes) return std::nullopt;
  if (cookie.name.empty() && (begins_with(cookie.value, host_prefix) || begins_with(cookie.value, secure_prefix)))
    return std::nullopt;

  while (!field.empty()) {
    const auto attribute = take_piece(field);
    const std::size_t name_size = std::min(attribute.find('='), attribute.size());
    const auto value = attribute.substr(std::min(name_size + 1, attribute.size()));
    apply_attribute(cookie, detail::trim(attribute.substr(0, name_size)), detail::trim(value));
  }
  return cookie;
}

std::string format_set_cookie(const set_cookie& cookie) {
  check(cookie);
  std::string field = cookie.name + "=" + cookie.value;
  if (!cookie.domain.empty()) field += "; Domain=" + cookie.domain;
  if (!cookie.path.empty()) field += "; Path=" + cookie.path;
  if (cookie.expires) field += "; Expires=" + format_date(*cookie.expires);
  if (cookie.max_age) field += "; Max-Age=" + std::to_string(cookie.max_age->count());
  if (cookie.secure) field += "; Secure";
  if (cookie.http_only) field += "; HttpOnly";
  switch (cookie.same_site) {
    case same_site::unspecified:
      break;
    case same_site::none:
      field += "; SameSite=None";
      break;
    case same_site::lax:
      field += "; SameSite=Lax";
      break;
    case same_site::strict:
      field += "; SameSite=Strict";
      break;
  }
  return field;
}

bool keeps_its_prefix(const set_cookie& cookie) noexcept {
  if (begins_with(cookie.name, host_prefix)) return cookie.secure && cookie.domain.empty() && cookie.path == "/";
  if (begins_with(cookie.name, secure_prefix)) return cookie.secure;
  return true;
}

}  // namespace hocket::http
