#pragma once

#include <hocket/core/coro.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// Asks a proxy, over a connection to it, to lead to the host of `target` (CONNECT), and gives the stream to there. Throws `proxy_error`
/// if the proxy refuses or has closed, `protocol_error`, `timeout_error` after `limit`, std::system_error, `cancelled`.
/// Source: RFC 9110, 9.3.6.
[[nodiscard]] coro<byte_stream> open_tunnel(byte_stream to_proxy, const url& target, const proxy& via, duration limit);

}  // namespace hocket::http::detail
