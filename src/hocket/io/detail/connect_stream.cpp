#include <stdexcept>
#include <utility>

#include <hocket/io/detail/connect_stream.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/unix_socket.hpp>

namespace hocket::detail {

static coro<byte_stream> secure(byte_stream stream, std::string name, open_connection_options options) {
  if (options.tls == nullptr) co_return stream;
  start_tls_options handshake{.server_hostname = std::move(name),
                              .handshake_timeout = options.tls_handshake_timeout,
                              .shutdown_timeout = options.tls_shutdown_timeout};
  co_return co_await options.tls->start_tls(std::move(stream), std::move(handshake));
}

coro<byte_stream> connect_stream(std::string host, std::uint16_t port, open_connection_options options) {
  std::string name = options.server_hostname.empty() ? host : options.server_hostname;
  byte_stream stream(co_await connect_tcp(std::move(host), port, std::move(options.connect)));
  co_return co_await secure(std::move(stream), std::move(name), std::move(options));
}

coro<byte_stream> connect_unix_stream(std::string path, open_connection_options options) {
  std::string name = options.server_hostname;
  if (options.tls != nullptr && name.empty())
    throw std::invalid_argument("TLS over a unix socket needs a server_hostname: a path is no name to check");
  byte_stream stream(co_await connect_unix(socket_address::unix_path(path)));
  co_return co_await secure(std::move(stream), std::move(name), std::move(options));
}

}  // namespace hocket::detail
