#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/io/byte_stream.hpp>

namespace hocket::redis {

/// Where a client's server is: asked for each connection, so that one who has moved is found again. Of one loop.
/// Made of options it is a host, an address or a path; Sentinel's asks who is the master; a test's gives a stream in memory.
class endpoint {
 public:
  endpoint() = default;
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;
  virtual ~endpoint() = default;

  /// A stream to the server, over TLS if that is wanted, on which nobody has said anything yet. Throws what the system throws, `cancelled`.
  [[nodiscard]] virtual coro<byte_stream> connect() = 0;

  /// What the server reached must answer to ROLE, "master" or "slave", to be taken; empty: it is not asked.
  [[nodiscard]] virtual std::string role() const { return {}; }

  /// What errors call it: "localhost:6379".
  [[nodiscard]] virtual std::string name() const = 0;
};

}  // namespace hocket::redis
