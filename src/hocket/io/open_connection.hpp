#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <hocket/io/stream_reader.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/io/stream_writer.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket {

/// Both halves of a connection: `auto [reader, writer] = co_await open_connection("example.org", 80);`
struct stream_pair {
  stream_reader reader;
  stream_writer writer;
};

struct open_connection_options {
  std::size_t limit = default_stream_limit;
  /// By TCP: the local address, happy eyeballs' delay, options of the socket.
  connect_options connect{};
  /// Makes the connection secure before anybody uses it.
  security tls{};
  /// Whom the server's certificate must be for; empty: the host.
  std::string server_hostname{};
  duration tls_handshake_timeout = std::chrono::seconds(60);
  duration tls_shutdown_timeout = std::chrono::seconds(30);
};

/// Connects to the first address of `host` that answers. Throws std::system_error; of the handshake also `timeout_error`;
/// `cancelled`. Counterpart: asyncio.open_connection.
[[nodiscard]] coro<stream_pair> open_connection(std::string host, std::uint16_t port,
                                                open_connection_options options = {});

/// Connects to the unix socket at `path`, or at an abstract name, which begins with a zero byte; waits while the listener's backlog
/// is full. With `tls` there must be a `server_hostname` (otherwise std::invalid_argument). Throws as `open_connection` does.
/// Counterpart: asyncio.open_unix_connection.
[[nodiscard]] coro<stream_pair> open_unix_connection(std::string path, open_connection_options options = {});

/// Both halves of a stream that is connected already.
[[nodiscard]] stream_pair open_connection(byte_stream stream, std::size_t limit = default_stream_limit);

}  // namespace hocket
