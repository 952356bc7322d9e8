#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket {

struct start_tls_options {
  bool server_side = false;
  /// On the client's side: the name or IP address that the server's certificate must be for, and that the server is told (SNI).
  std::string server_hostname{};
  duration handshake_timeout = std::chrono::seconds(60);
  /// How long `byte_stream::close` waits for the peer's closure alert.
  duration shutdown_timeout = std::chrono::seconds(30);
  /// Protocols to offer or, on the server's side, to choose from, the best first (ALPN, RFC 7301); not used if the context names its own.
  std::vector<std::string> alpn_protocols{};
  /// Bytes of the handshake that were received already, before anybody thought of TLS.
  std::string buffered{};
};

/// What makes a secure stream of a connected one. `tls_context` is one; this is what the floors below TLS know of it.
class stream_security {
 public:
  stream_security() noexcept = default;
  stream_security(const stream_security&) = delete;
  stream_security& operator=(const stream_security&) = delete;
  virtual ~stream_security() = default;

  /// Shakes hands over `under` and gives the stream to use instead. If it throws, `under` is closed. Throws std::system_error,
  /// `timeout_error`, `cancelled`.
  [[nodiscard]] virtual coro<byte_stream> start_tls(byte_stream under, start_tls_options options) const = 0;
};

/// Null: no security.
using security = std::shared_ptr<const stream_security>;

}  // namespace hocket
