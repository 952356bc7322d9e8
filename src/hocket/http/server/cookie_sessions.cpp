#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/field/base64.hpp>
#include <hocket/http/server/cookie_sessions.hpp>
#include <hocket/http/server/detail/session_cookie.hpp>
#include <hocket/url/form_urlencoded.hpp>

namespace hocket::http {
namespace {

std::string written(const cookie_session::fields& data) {
  std::vector<form_field> all;
  for (const auto& [name, value] : data) all.push_back({name, value});
  return base64url_encode(serialize_form_urlencoded(all));
}

std::shared_ptr<cookie_session::fields> read(std::string_view text) {
  const auto decoded = base64url_decode(text);
  if (!decoded) return nullptr;
  auto parsed = parse_form_urlencoded(*decoded, {.text = form_text::bytes});
  if (!parsed) return nullptr;
  auto data = std::make_shared<cookie_session::fields>();
  for (auto& [name, value] : *parsed) data->insert_or_assign(std::move(name), std::move(value));
  return data;
}

class keeper_in_cookies {
 public:
  keeper_in_cookies(std::vector<std::string> keys, session_cookie_options options)
      : cookie_(std::move(keys), std::move(options)) {}

  coro<reply> operator()(request& asked, next_handler next) {
    const auto brought = cookie_.find(asked);
    std::shared_ptr<cookie_session::fields> known;
    if (!brought.empty()) known = read(brought.front().text);
    cookie_session& session = asked.set(cookie_session(std::move(known)));
    reply given = co_await next(asked);
    const bool is_old = !session.is_new() && brought.front().is_old;
    if (session.empty()) {
      if (!session.is_new()) cookie_.remove(given);
    } else if (session.is_changed() || session.is_renewed() || is_old) {
      put(given, session);
    }
    detail::note_in_reply(given, session);
    co_return given;
  }

 private:
  void put(reply& into, const cookie_session& session) const {
    const std::string text = written(*session.data());
    // The signature and the time come on top: format_set_cookie knows the exact limit, but not what is too long.
    if (text.size() > most_cookie_bytes)
      throw error(fmt::format("a session of {} bytes does not fit into a cookie", text.size()));
    cookie_.put(into, text);
  }

  detail::session_cookie cookie_;
};

}  // namespace

middleware cookie_sessions(std::vector<std::string> keys, session_cookie_options options) {
  return keeper_in_cookies(std::move(keys), std::move(options));
}

}  // namespace hocket::http
