#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/io/datagram_transport.hpp>
#include <hocket/io/udp_socket.hpp>

namespace hocket {

/// A callable that makes the protocol of an endpoint: a std::shared_ptr to a class derived from `datagram_protocol`.
template <class Factory>
concept datagram_protocol_factory =
    std::invocable<Factory&> && std::convertible_to<std::invoke_result_t<Factory&>, std::shared_ptr<datagram_protocol>>;

struct datagram_endpoint_options {
  /// Where it receives (port 0: one that is free). Nothing: the system chooses when it first sends.
  std::optional<socket_address> local_address{};
  /// Where it sends. It is connected to there and receives from there alone, unless `socket.broadcast` is set: those who answer a
  /// broadcast have addresses of their own.
  std::optional<socket_address> remote_address{};
  udp_options socket{};
};

namespace detail {

/// A socket, and where it sends if nothing else is said.
struct datagram_socket {
  udp_socket socket;
  std::optional<socket_address> peer;
};
[[nodiscard]] coro<datagram_socket> open_datagram_socket(datagram_endpoint_options options);
[[nodiscard]] coro<datagram_socket> open_datagram_socket(std::string host, std::uint16_t port,
                                                         datagram_endpoint_options options);

/// Begins to receive; the protocol has been told of it when this returns.
[[nodiscard]] datagram_transport begin_datagram_transport(datagram_socket socket,
                                                          std::shared_ptr<datagram_protocol> receiver);

template <class Factory>
using datagram_endpoint_of = std::pair<datagram_transport, std::invoke_result_t<Factory&>>;

template <datagram_protocol_factory Factory>
datagram_endpoint_of<Factory> begin_datagram_endpoint(Factory& factory, datagram_socket socket) {
  auto receiver = factory();
  datagram_transport made = begin_datagram_transport(std::move(socket), receiver);
  return {std::move(made), std::move(receiver)};
}

}  // namespace detail

/// Opens an endpoint of UDP and gives the transport and the protocol, whose `connection_made` has been called:
/// `auto [transport, protocol] = co_await create_datagram_endpoint(std::make_shared<server>, {.local_address = address});`
///
/// It receives at most some dozens of datagrams in a turn, and needs 1 MiB of address space, of which it touches as much as it
/// receives at once. Throws std::system_error, `cancelled`, and std::invalid_argument if there is neither a local nor a remote
/// address. Counterpart: loop.create_datagram_endpoint.
template <datagram_protocol_factory Factory>
coro<detail::datagram_endpoint_of<Factory>> create_datagram_endpoint(Factory factory,
                                                                     datagram_endpoint_options options) {
  auto socket = co_await detail::open_datagram_socket(std::move(options));
  co_return detail::begin_datagram_endpoint(factory, std::move(socket));
}

/// The same with the first address of `host` for the remote one to which there is a way from the local one.
template <datagram_protocol_factory Factory>
coro<detail::datagram_endpoint_of<Factory>> create_datagram_endpoint(Factory factory, std::string host,
                                                                     std::uint16_t port,
                                                                     datagram_endpoint_options options = {}) {
  auto socket = co_await detail::open_datagram_socket(std::move(host), port, std::move(options));
  co_return detail::begin_datagram_endpoint(factory, std::move(socket));
}

/// The same of a socket that is there already; `connection_made` is called in here.
template <datagram_protocol_factory Factory>
[[nodiscard]] detail::datagram_endpoint_of<Factory> create_datagram_endpoint(Factory factory, udp_socket socket) {
  return detail::begin_datagram_endpoint(factory, {.socket = std::move(socket), .peer = {}});
}

}  // namespace hocket
