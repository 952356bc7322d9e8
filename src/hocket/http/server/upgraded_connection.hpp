#pragma once

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/upgraded_stream.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http {

/// A connection of a server, or a stream of one of HTTP/2, on which another protocol is spoken.
struct upgraded_connection : upgraded_stream {
  event& stopping;  ///< set when the server stops: what is under way has `server_options::shutdown` to end
};

/// What a handler sets for its request (`request::set`) when it answers 101 (Switching Protocols): who speaks the other protocol, once the client
/// was told so. Only requests that have asked for one and were read to their end can be answered so: by Upgrade over HTTP/1.1, for a websocket over
/// HTTP/2; others get 500. The request lives until `speak` returns, and then the connection, or the stream, ends. For websockets see
/// `accept_websocket`.
struct protocol_change {
  function<coro<void>(upgraded_connection&)> speak;
};

}  // namespace hocket::http
