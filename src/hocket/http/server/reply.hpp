#pragma once

#include <string>
#include <string_view>

#include <hocket/http/body.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/server/http_error.hpp>

namespace hocket::http {

/// What a handler gives for a request. Who sends it adds Date, Server, the framing (Content-Length, Transfer-Encoding, Connection:
/// what a handler says of these is left out, but for `Connection: close` and, where there is no body, Content-Length), and leaves
/// the body out where there is none (HEAD, 204, 304). Counterpart: aiohttp.web.Response.
struct reply {
  int status = 200;
  http::headers headers{};
  http::body body{};

  // Short forms; fields are added to what they return.

  /// "text/plain; charset=utf-8".
  [[nodiscard]] static reply text(std::string text, int status = 200);
  /// "text/html; charset=utf-8".
  [[nodiscard]] static reply html(std::string page, int status = 200);
  /// "application/json", of text that is JSON already; of values see <hocket/http/json.hpp>.
  [[nodiscard]] static reply json(std::string text, int status = 200);
  /// To another place: 303 (see other) after a form, 302, 307, 308 otherwise. Throws hocket::error of a control character.
  [[nodiscard]] static reply redirect(std::string_view location, int status = 303);
  /// A body that is written while it is sent, as `body::stream`.
  [[nodiscard]] static reply stream(std::string_view content_type, body::producer produce);
  /// What the client gets for that error.
  [[nodiscard]] static reply error(const http_error& problem);
};

}  // namespace hocket::http
