#pragma once

#include <hocket/core/coro.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/tls/tls_context.hpp>

namespace hocket {

/// Shakes hands over `under`, as the client or, with `options.server_side`, as the server, and gives the stream to use instead,
/// which owns `under`. If it throws, `under` is closed.
///
/// A client that checks host names needs `options.server_hostname`. Throws `tls_error`; `timeout_error` after
/// `options.handshake_timeout`; std::system_error of the transport; `cancelled`; std::invalid_argument.
/// Counterpart: loop.start_tls.
[[nodiscard]] coro<byte_stream> start_tls(byte_stream under, tls_context context, start_tls_options options);

}  // namespace hocket
