#pragma once

#include <cstdint>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/io/byte_stream.hpp>

namespace hocket::http::detail {

/// Asks a proxy, over a connection to it, to lead to a host, which it looks up itself unless that is an address; from then on the
/// stream leads there. User and password are sent, in the clear, if the proxy wants them. Throws `proxy_error`, whose words say what
/// the proxy said, std::system_error, `cancelled`; for time-outs see to them around it. Source: RFC 1928, RFC 1929.
[[nodiscard]] coro<void> pass_socks5(byte_stream& to_proxy, const proxy& via, std::string host, std::uint16_t port);

}  // namespace hocket::http::detail
