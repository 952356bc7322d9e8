#include <charconv>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/request_cookies.hpp>
#include <hocket/http/server/detail/session_cookie.hpp>

namespace hocket::http::detail {

session_cookie::session_cookie(std::vector<std::string> keys, session_cookie_options options)
    : signer_(std::move(keys)), options_(std::move(options)) {
  if (options_.wall_clock == nullptr) throw error("sessions need the time of day");
  if (options_.lifetime <= std::chrono::seconds(0)) throw error("sessions need a lifetime");
  static_cast<void>(format_set_cookie(with("x", options_.lifetime)));
}

std::vector<session_cookie::found> session_cookie::find(const request& asked) const {
  std::vector<found> all;
  std::size_t looked_at = 0;
  for (const std::string_view field : asked.headers().get_all("Cookie")) {
    for (const auto& [name, value] : request_cookies::parse(field)) {
      if (name != options_.name) continue;
      if (++looked_at > most_looked_at) return all;
      const auto verified = signer_.verify(options_.name, value);
      if (!verified) continue;
      std::int64_t until = 0;
      const char* const end = verified->data() + verified->size();
      const auto [dot, failure] = std::from_chars(verified->data(), end, until);
      if (failure != std::errc() || dot == end || *dot != '.') continue;
      const std::chrono::seconds left(until - now().time_since_epoch().count());
      if (left > std::chrono::seconds(0)) all.push_back({std::string(dot + 1, end), left < options_.lifetime / 2});
    }
  }
  return all;
}

void session_cookie::put(reply& into, std::string_view text) const {
  const auto until = now() + options_.lifetime;
  const std::string value = fmt::format("{}.{}", until.time_since_epoch().count(), text);
  add(into, with(signer_.sign(options_.name, value), options_.lifetime));
}

void session_cookie::remove(reply& from) const { add(from, with("", std::chrono::seconds(0))); }

set_cookie session_cookie::with(std::string value, std::chrono::seconds max_age) const {
  return {.name = options_.name,
          .value = std::move(value),
          .domain = options_.domain,
          .path = options_.path,
          .max_age = max_age,
          .secure = options_.secure,
          .http_only = true,
          .same_site = options_.same_site};
}

void session_cookie::add(reply& to, const set_cookie& cookie) {
  to.headers.add("Set-Cookie", format_set_cookie(cookie));
  if (!to.headers.contains("Cache-Control")) to.headers.add("Cache-Control", "no-store");
}

void note_in_reply(reply& given, const cookie_session& session) {
  if (!session.is_read() && !session.is_changed()) return;
  if (!given.headers.contains_token("Vary", "Cookie") && !given.headers.contains_token("Vary", "*"))
    given.headers.add("Vary", "Cookie");
}

}  // namespace hocket::http::detail
