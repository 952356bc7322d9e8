#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/io/socket_operations.hpp>

namespace hocket {

class tcp_socket;

namespace detail {

class connect_operation;
class accept_operation;

}  // namespace detail

/// A connected TCP socket, with TCP_NODELAY. Owns its descriptor; closes it when destroyed, at once and with what is in flight
/// ended by `std::errc::operation_canceled`. One receiver and one sender at a time. Belongs to its loop's thread.
class tcp_socket {
 public:
  /// A socket that is not open.
  tcp_socket() noexcept = default;
  /// Takes ownership of a connected socket's descriptor.
  explicit tcp_socket(io_handle handle) noexcept : handle_(std::move(handle)) {}

  /// Connects to `address`. Throws std::system_error, `cancelled`.
  [[nodiscard]] static detail::connect_operation connect(const socket_address& address,
                                                         std::source_location where = std::source_location::current());

  /// Waits for bytes and gives them in a buffer lent by the loop; empty at end of file. While it waits it holds no buffer,
  /// so an idle connection costs none. Throws std::system_error, `cancelled`.
  [[nodiscard]] detail::receive_operation receive() noexcept { return detail::receive_operation(handle_.record()); }

  /// Waits for bytes and writes them into `into`, which must stay alive; gives their number, 0 at end of file.
  [[nodiscard]] detail::recv_operation recv(std::span<char> into) noexcept { return {handle_.record(), into}; }

  /// Sends all of `bytes`, which must stay alive; suspends while the peer does not take them. If it throws (also `cancelled`),
  /// an unknown part was sent and the connection is of no further use. Counterpart: loop.sock_sendall.
  [[nodiscard]] detail::send_operation send_all(std::string_view bytes, send_options options = {}) noexcept {
    return {handle_.record(), bytes, options};
  }
  /// The same for several pieces, one after the other.
  [[nodiscard]] detail::send_pieces_operation send_all(std::span<const std::string_view> pieces) {
    return {handle_.record(), pieces};
  }

  /// Tells the peer that nothing more will be sent; receiving goes on. shutdown(2), SHUT_WR.
  void shutdown_send() noexcept;

  void close() noexcept { handle_.close(); }
  /// Gives the descriptor away.
  [[nodiscard]] io_handle release() noexcept { return std::move(handle_); }
  [[nodiscard]] bool is_open() const noexcept { return handle_.is_open(); }
  [[nodiscard]] int number() const noexcept { return handle_.number(); }
  [[nodiscard]] socket_address local_address() const;
  [[nodiscard]] socket_address peer_address() const;

  /// Without waiting: true if the peer has closed or sent something. On an idle connection either means it cannot be reused.
  [[nodiscard]] bool has_something_to_read() const noexcept;

 private:
  io_handle handle_;
};

struct listen_options {
  int backlog = 4096;  // the kernel takes less if net.core.somaxconn is
  bool reuse_port = false;
};

/// A socket that accepts TCP connections.
class tcp_listener {
 public:
  /// Listens at `address` (port 0: one that is free; see `local_address`). Throws std::system_error.
  [[nodiscard]] static tcp_listener listen(const socket_address& address, listen_options options = {},
                                           std::source_location where = std::source_location::current());

  /// Not listening.
  tcp_listener() noexcept = default;
  /// Takes ownership of a listening socket's descriptor.
  explicit tcp_listener(io_handle handle) noexcept : handle_(std::move(handle)) {}

  /// Waits for a connection. Throws std::system_error (EMFILE: the process is out of descriptors), `cancelled`.
  [[nodiscard]] detail::accept_operation accept(std::source_location where = std::source_location::current()) noexcept;

  void close() noexcept { handle_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return handle_.is_open(); }
  [[nodiscard]] int number() const noexcept { return handle_.number(); }
  [[nodiscard]] socket_address local_address() const;

 private:
  io_handle handle_;
};

namespace detail {

class connect_operation final : public io_awaitable<connect_operation, tcp_socket> {
 public:
  static constexpr const char* name = "connect";
  connect_operation(const socket_address& address, std::source_location where);
  connect_operation(connect_operation&& other) noexcept;
  [[nodiscard]] bool await_ready();
  [[nodiscard]] tcp_socket convert(std::int32_t) noexcept { return tcp_socket(std::move(handle_)); }

 private:
  socket_address address_;
  std::source_location where_;
  io_handle handle_;
};

class accept_operation final : public io_awaitable<accept_operation, tcp_socket> {
 public:
  static constexpr const char* name = "accept";
  accept_operation(descriptor* target, std::source_location where) noexcept
      : io_awaitable(io_op::accept, target), where_(where) {}
  [[nodiscard]] tcp_socket convert(std::int32_t number) {
    return tcp_socket(io_handle(number, io_handle::made_here{}, where_));
  }

 private:
  std::source_location where_;
};

}  // namespace detail

inline detail::connect_operation tcp_socket::connect(const socket_address& address, std::source_location where) {
  return {address, where};
}
inline detail::accept_operation tcp_listener::accept(std::source_location where) noexcept {
  return {handle_.record(), where};
}

/// Resolves `host` and connects to the first of its addresses that answers. Throws the last address's std::system_error.
/// Counterpart: asyncio.open_connection, without streams.
coro<tcp_socket> connect_tcp(std::string host, std::uint16_t port,
                             std::source_location where = std::source_location::current());

}  // namespace hocket
