#pragma once

#include <optional>

#include <hocket/core/coro.hpp>
#include <hocket/http/forwarded/proxy_protocol.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/byte_stream.hpp>

namespace hocket::http::detail {

/// What a proxy says first on a connection, and what came with it.
struct proxy_greeting {
  proxy_header header;
  buffer rest;  // of what was received: the client's

  /// The client speaks TLS with the proxy (version 2, PP2_TYPE_SSL).
  [[nodiscard]] bool is_secure() const noexcept;
};

/// Receives it; nothing if the peer goes without a word, as those do who only look whether somebody listens. Throws `protocol_error`
/// if it says something else or goes in its midst, `timeout_error`, std::system_error, `cancelled`.
[[nodiscard]] coro<std::optional<proxy_greeting>> receive_proxy_greeting(byte_stream& from,
                                                                         const proxy_protocol_options& options);

}  // namespace hocket::http::detail
