#pragma once

#include <chrono>
#include <optional>

#include <hocket/loop/clock.hpp>

namespace hocket::http {

/// How long a request may take; each is a `timeout_error`. Counterpart: aiohttp.ClientTimeout.
struct timeouts {
  /// From the call to the last byte of the answer's body, redirects included. `duration::max()`: no limit.
  duration total = std::chrono::minutes(5);
  /// Until there is a connection: waiting for a place among those of the session, and making it. Nothing: `total` alone.
  std::optional<duration> connect{};
  /// Resolving, connecting, the proxy's consent and TLS's handshake, for each connection made.
  duration sock_connect = std::chrono::seconds(30);
  /// Between two arrivals of bytes, and while the server takes none of those that are sent.
  duration sock_read = std::chrono::seconds(60);
};

}  // namespace hocket::http
