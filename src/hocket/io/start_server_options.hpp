#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

#include <hocket/io/stream_security.hpp>

namespace hocket {

struct start_server_options {
  int backlog = 4096;  // the kernel takes less if net.core.somaxconn is
  /// Lets several processes, or loops, listen at the same address. Of TCP.
  bool reuse_port = false;
  /// Clients served at once, of all listeners together; more wait in the backlogs, and each listener has its turn. (Of those
  /// that wait, one of each further listener may have been accepted already.)
  std::size_t max_connections = std::numeric_limits<std::size_t>::max();
  /// Makes each connection secure before it is served. A handshake that fails harms nobody else and is not reported.
  security tls{};
  duration tls_handshake_timeout = std::chrono::seconds(60);
  duration tls_shutdown_timeout = std::chrono::seconds(30);
  /// Otherwise clients wait in the backlog until `server::start_serving` or `serve_forever`.
  bool start_serving = true;
  /// Of the readers: see `stream_reader`.
  std::size_t limit = 64 * 1024;
};

}  // namespace hocket
