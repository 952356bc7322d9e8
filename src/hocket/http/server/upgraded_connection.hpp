#pragma once

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/upgraded_stream.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http {

/// A connection of a server on which another protocol is spoken.
struct upgraded_connection : upgraded_stream {
  event& stopping;  ///< set when the server stops: what is under way has `server_options::shutdown` to end
};

/// What a handler sets for its request (`request::set`) when it answers 101 (Switching Protocols): who speaks the other protocol, once the client
/// was told so. Only requests of HTTP/1.1 that have asked for one and were read to their end can be answered so, others get 500. The request
/// lives until `speak` returns, and then the connection ends. For websockets see `accept_websocket`.
struct protocol_change {
  function<coro<void>(upgraded_connection&)> speak;
};

}  // namespace hocket::http
