#pragma once

#include <expected>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// Asks a proxy, over a connection to it, to lead to the host of `target` (CONNECT), and gives the stream to there, or the head of its
/// refusal. `authorization` is what Proxy-Authorization says, if anything. Throws `proxy_error` if the proxy has closed, or sends more than was asked
/// for, `protocol_error`, `timeout_error` after `limit`, std::system_error, `cancelled`. Source: RFC 9110, 9.3.6.
[[nodiscard]] coro<std::expected<byte_stream, answer_head>> open_tunnel(byte_stream to_proxy, const url& target,
                                                                        const proxy& via, std::string authorization,
                                                                        duration limit);

}  // namespace hocket::http::detail
