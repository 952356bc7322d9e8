#pragma once

#include <optional>
#include <utility>

#include <hocket/http/websocket/websocket.hpp>
#include <hocket/testing/memory_stream.hpp>

namespace hocket::testing {

inline constexpr http::websocket_options silent{.heartbeat = std::nullopt};

struct two_sockets {
  http::websocket client;
  http::websocket server;
};

inline two_sockets connected(memory_stream_options links, http::websocket_options of_client,
                             http::websocket_options of_server) {
  auto [client, server] = memory_streams(std::move(links));
  return {http::websocket(std::move(client), {}, {.role = http::websocket_role::client}, of_client),
          http::websocket(std::move(server), {}, {.role = http::websocket_role::server}, of_server)};
}

inline two_sockets connected(memory_stream_options links = {}, http::websocket_options options = silent) {
  return connected(std::move(links), options, options);
}

/// The end of a server, and a client of bytes.
struct socket_and_bytes {
  http::websocket server;
  byte_stream client;
};

inline socket_and_bytes with_bytes(memory_stream_options links = {}, http::websocket_options options = silent) {
  auto [client, server] = memory_streams(std::move(links));
  return {http::websocket(std::move(server), {}, {.role = http::websocket_role::server}, options), std::move(client)};
}

}  // namespace hocket::testing
