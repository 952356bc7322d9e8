#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/http/websocket/websocket_options.hpp>

namespace hocket::http {

struct accept_websocket_options {
  /// Those that are spoken, the best first: the first of them that the client offers is agreed upon. A client that offers none of them is
  /// accepted without.
  std::vector<std::string> subprotocols{};
  /// Whether pages of that origin ("https://example.org") may connect; clients that are no browsers name none and are not asked. Browsers let any
  /// page connect anywhere, with the user's cookies. Nothing: only pages of the host that was asked, and of https alone if it was asked by TLS.
  function<bool(std::string_view origin)> allow_origin{};
  websocket_options socket{};
};

/// A reply that makes the connection a websocket, as long as `serve` runs:
///
///     routes.get("/echo", [](request& asked) -> coro<reply> {
///       co_return accept_websocket(asked, [](websocket& socket) -> coro<void> {
///         while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
///       });
///     });
///
/// When `serve` returns the websocket is closed in order, by 1000 unless it was closed before, by 1011 if it throws; a `websocket_closed` that
/// leaves it when it has ended is no error. The request lives as long. When the server stops the client is told so (1001), and `serve` finds the websocket closed;
/// it has `server_options::shutdown` to end, then it is cancelled. The connection counts as long among the server's, and the times
/// for requests do not hold for it.
///
/// Throws `http_error`: 426 of a request that asks for no websocket of version 13, 400 of one that does so badly, 403 of another origin. Over HTTP/2
/// it is a stream that becomes one, and the connection goes on with it. Source: RFC 6455, 4.2; RFC 8441. Counterpart: aiohttp.web.WebSocketResponse.
[[nodiscard]] reply accept_websocket(request& asked, function<coro<void>(websocket&)> serve,
                                     accept_websocket_options options = {});

}  // namespace hocket::http
