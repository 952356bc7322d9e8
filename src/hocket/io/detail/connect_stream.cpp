#include <utility>

#include <hocket/io/detail/connect_stream.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket::detail {

coro<byte_stream> connect_stream(std::string host, std::uint16_t port, open_connection_options options) {
  start_tls_options handshake{
      .server_hostname = options.server_hostname.empty() ? host : std::move(options.server_hostname),
      .handshake_timeout = options.tls_handshake_timeout,
      .shutdown_timeout = options.tls_shutdown_timeout};
  byte_stream stream(co_await connect_tcp(std::move(host), port));
  if (options.tls == nullptr) co_return stream;
  co_return co_await options.tls->start_tls(std::move(stream), std::move(handshake));
}

}  // namespace hocket::detail
