#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/base/function.hpp>
#include <hocket/io/detail/connect_stream.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/server.hpp>
#include <hocket/io/start_server_options.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/transport.hpp>

namespace hocket {

/// A callable that makes the protocol of a connection: a std::shared_ptr to a class derived from `protocol`.
template <class Factory>
concept protocol_factory =
    std::invocable<Factory&> && std::convertible_to<std::invoke_result_t<Factory&>, std::shared_ptr<protocol>>;

namespace detail {

/// Begins to read; the protocol has been told of it when this returns.
[[nodiscard]] transport begin_transport(byte_stream stream, std::shared_ptr<protocol> reader,
                                        transport_connection::direction way = transport_connection::direction::both);

template <class Factory>
using protocol_and_transport = std::pair<transport, std::invoke_result_t<Factory&>>;

/// The server's side of a handshake, if there is to be one.
coro<byte_stream> secure_accepted(byte_stream stream, security tls);

}  // namespace detail

/// Begins a transport over a stream that is connected already and gives it with its protocol, whose `connection_made` is called in
/// here.
template <protocol_factory Factory>
[[nodiscard]] detail::protocol_and_transport<Factory> create_connection(Factory factory, byte_stream stream) {
  auto reader = factory();
  transport made = detail::begin_transport(std::move(stream), reader);
  return {std::move(made), std::move(reader)};
}

/// The same, connected as `open_connection` does:
/// `auto [transport, protocol] = co_await create_connection(std::make_shared<client>, "example.org", 80);`
/// Counterpart: loop.create_connection.
template <protocol_factory Factory>
coro<detail::protocol_and_transport<Factory>> create_connection(Factory factory, std::string host, std::uint16_t port,
                                                                open_connection_options options = {}) {
  byte_stream stream = co_await detail::connect_stream(std::move(host), port, std::move(options));
  co_return create_connection(std::move(factory), std::move(stream));
}

/// The same, connected as `open_unix_connection` does. Counterpart: loop.create_unix_connection.
template <protocol_factory Factory>
coro<detail::protocol_and_transport<Factory>> create_unix_connection(Factory factory, std::string path,
                                                                     open_connection_options options = {}) {
  byte_stream stream = co_await detail::connect_unix_stream(std::move(path), std::move(options));
  co_return create_connection(std::move(factory), std::move(stream));
}

/// The same for a connection that somebody else has accepted; with `tls`, after the server's side of a handshake.
/// Counterpart: loop.connect_accepted_socket.
template <protocol_factory Factory>
coro<detail::protocol_and_transport<Factory>> connect_accepted_socket(Factory factory, byte_stream accepted,
                                                                      security tls = {}) {
  byte_stream stream = co_await detail::secure_accepted(std::move(accepted), std::move(tls));
  co_return create_connection(std::move(factory), std::move(stream));
}

/// The same for something that can only be read: the reading end of a pipe, a FIFO, a terminal.
/// Counterpart: loop.connect_read_pipe.
template <protocol_factory Factory>
[[nodiscard]] detail::protocol_and_transport<Factory> connect_read_pipe(Factory factory, byte_stream from) {
  return create_connection(std::move(factory), std::move(from));
}

/// The same for something that can only be written to. When nobody reads it any more the connection is lost: by
/// std::errc::broken_pipe if anything was still to be sent. Counterpart: loop.connect_write_pipe.
template <protocol_factory Factory>
[[nodiscard]] detail::protocol_and_transport<Factory> connect_write_pipe(Factory factory, byte_stream to) {
  auto writer = factory();
  transport made = detail::begin_transport(std::move(to), writer, detail::transport_connection::direction::only_writes);
  return {std::move(made), std::move(writer)};
}

using protocol_maker = function<std::shared_ptr<protocol>()>;

/// Listens as `start_server` does and makes a protocol for each client. Counterpart: loop.create_server.
[[nodiscard]] coro<server> create_server(protocol_maker factory, std::string host, std::uint16_t port,
                                         start_server_options options = {});
[[nodiscard]] server create_server(protocol_maker factory, stream_listener listener, start_server_options options = {});
/// As `start_unix_server`. Counterpart: loop.create_unix_server.
[[nodiscard]] coro<server> create_unix_server(protocol_maker factory, std::string path,
                                              start_server_options options = {});

}  // namespace hocket
