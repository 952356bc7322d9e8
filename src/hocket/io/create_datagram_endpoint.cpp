#include <cerrno>
#include <exception>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/create_datagram_endpoint.hpp>
#include <hocket/io/resolve.hpp>

namespace hocket::detail {

coro<datagram_socket> open_datagram_socket(datagram_endpoint_options options) {
  const auto& [local, remote, socket] = options;
  if (!local && !remote) throw std::invalid_argument("a datagram endpoint needs a local or a remote address");
  udp_socket made = local ? udp_socket::bind(*local, socket) : udp_socket::open(remote->family(), socket);
  if (remote && !socket.broadcast) co_await made.connect(*remote);
  co_return datagram_socket{.socket = std::move(made), .peer = remote};
}

// If none will do, the error of the first one tells most, as it does in asyncio.
coro<datagram_socket> open_datagram_socket(std::string host, std::uint16_t port, datagram_endpoint_options options) {
  std::exception_ptr problem;
  for (const socket_address& address : co_await resolve(host, port)) {
    if (options.local_address && options.local_address->family() != address.family()) continue;
    options.remote_address = address;
    auto opened = co_await as_result(open_datagram_socket(options));
    if (opened) co_return std::move(*opened);
    if (is_cancelled(opened.error())) std::rethrow_exception(opened.error());
    if (!problem) problem = opened.error();
  }
  if (problem) std::rethrow_exception(problem);
  throw std::system_error(EAFNOSUPPORT, std::system_category(),
                          fmt::format("{} cannot be reached from {}", host, options.local_address->to_string()));
}

datagram_transport begin_datagram_transport(datagram_socket socket, std::shared_ptr<datagram_protocol> receiver) {
  auto* made = new datagram_endpoint(std::move(socket.socket), socket.peer, std::move(receiver));
  made->retain();
  datagram_ref endpoint(made);
  create_task(datagram_endpoint::run(endpoint), {.name = "datagram endpoint", .eager_start = true});
  return datagram_transport(std::move(endpoint));
}

}  // namespace hocket::detail
