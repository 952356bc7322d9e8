#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/request_options.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/http/websocket/websocket_options.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

struct connect_websocket_options {
  /// Those that are spoken, the best first; the server chooses one, or none.
  std::vector<std::string> subprotocols{};
  /// What else the request says: fields, who one is, proxies, and for how long the handshake may last (`timeout`). It has no body.
  request_options request{};
  websocket_options socket{};
};

/// The server gave another answer than a websocket. Counterpart: aiohttp.WSServerHandshakeError.
class websocket_refused : public client_error {
 public:
  websocket_refused(int status, http::headers fields, std::string body);
  [[nodiscard]] int status() const noexcept { return status_; }
  /// Of the answer: who it wants one to be, when to ask again.
  [[nodiscard]] const http::headers& headers() const noexcept { return fields_; }
  /// What came of the answer's body, its first 64 KiB at most.
  [[nodiscard]] const std::string& body() const noexcept { return body_; }

 private:
  int status_;
  http::headers fields_;
  std::string body_;
};

/// Connects to a URL of ws or wss (http and https mean the same), as any request of the session does it: with its cookies, credentials,
/// redirects, proxies, certificates and middlewares. The connection is the websocket's from then on, and none of the session's: it does not count
/// among its limits, and may outlive it. Where the session has a connection of HTTP/2 with that origin on which the server takes websockets, it is a
/// stream of that (RFC 8441), and `session::request` sees it as a request over HTTP/1.1 (GET, 101) all the same. Proxies are asked for a tunnel
/// (CONNECT), for ws too.
///
/// Throws `websocket_refused`, `protocol_error` if the server accepts what nobody has asked for, and what `session::request` throws.
/// Source: RFC 6455, 4.1. Counterpart: aiohttp.ClientSession.ws_connect, websockets.connect.
[[nodiscard]] coro<websocket> connect_websocket(session& by, url target, connect_websocket_options options = {});
/// The same for a URL as text, resolved against `session_options::base_url`; throws `client_error` if it is none.
[[nodiscard]] coro<websocket> connect_websocket(session& by, std::string target,
                                                connect_websocket_options options = {});

}  // namespace hocket::http
