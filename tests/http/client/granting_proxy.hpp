#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <http/client/client_peer.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket::testing {

inline coro<void> carry(byte_stream& from, byte_stream& to) {
  for (;;) {
    const buffer piece = co_await from.receive();
    if (!piece) break;
    co_await to.send_all(piece.text());
  }
  co_await to.shutdown_send();
}

/// Carries bytes both ways between `client` and a port of this machine until both have ended.
inline coro<void> tunnel(byte_stream& client, std::uint16_t port) {
  byte_stream server(co_await connect_tcp("127.0.0.1", port));
  co_await gather(carry(client, server), carry(server, client));
}

inline std::uint16_t port_in(std::string_view authority) {
  return static_cast<std::uint16_t>(std::stoi(std::string(authority.substr(authority.rfind(':') + 1))));
}

/// A proxy that grants CONNECT, on a stream that is connected to the client.
inline coro<void> grant(byte_stream& peer, std::vector<seen_request>& seen) {
  std::uint16_t port = 0;
  {
    request_reader requests(peer);
    seen.push_back(co_await requests.head());
    if (!seen.back().complete) co_return;
    port = port_in(seen.back().target);
  }
  co_await peer.send_all("HTTP/1.1 200 Go ahead\r\n\r\n");
  co_await tunnel(peer, port);
}

inline scripted_server::script granting(std::vector<seen_request>& seen) {
  return [&seen](tcp_socket& peer, std::size_t) -> coro<void> {
    byte_stream stream(std::move(peer));
    co_await grant(stream, seen);
  };
}

}  // namespace hocket::testing
