#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/io/detail/sock_operations.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/send_file.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

// asyncio's operations on sockets that are somebody else's, given by their numbers. The number is never closed here and its
// flags stay as they are: it may block or not (docs/decisions/0018). One task may receive and one may send at a time; whoever
// closes the number ends these first (`notify_closing`). All throw std::system_error, which names the number, and `cancelled`,
// at once; all take a limit as the operations of `tcp_socket` do. Sockets of one's own are `tcp_socket`, `udp_socket`,
// `unix_socket`.

/// Waits for bytes of a stream, or for a datagram, and gives at most `most` of them; nothing at the end of a stream.
/// Counterpart: loop.sock_recv.
[[nodiscard]] inline detail::sock_recv_operation sock_recv(int number, std::size_t most) noexcept {
  return {number, most};
}
/// The same into memory of the caller's, which must stay alive; gives the count of bytes. Counterpart: loop.sock_recv_into.
[[nodiscard]] inline detail::sock_recv_into_operation sock_recv_into(int number, std::span<char> into) noexcept {
  return {number, into};
}

/// Waits for a datagram and gives its first `most` bytes and its sender. Counterpart: loop.sock_recvfrom.
[[nodiscard]] inline detail::sock_recvfrom_operation sock_recvfrom(int number, std::size_t most) noexcept {
  return {number, most};
}
/// The same into memory of the caller's, which must stay alive. Counterpart: loop.sock_recvfrom_into.
[[nodiscard]] inline detail::sock_recvfrom_into_operation sock_recvfrom_into(int number,
                                                                             std::span<char> into) noexcept {
  return {number, into};
}

/// Sends all of `bytes`, which must stay alive; suspends while the peer does not take them. If it throws (also `cancelled`), an
/// unknown part was sent. A peer that is gone is EPIPE, and no signal. Counterpart: loop.sock_sendall.
[[nodiscard]] inline detail::sock_sendall_operation sock_sendall(int number, std::string_view bytes) noexcept {
  return {number, bytes};
}
/// Sends a datagram, whole or not at all; `bytes` must stay alive. Gives the count of bytes. Counterpart: loop.sock_sendto.
[[nodiscard]] inline detail::sock_sendto_operation sock_sendto(int number, std::string_view bytes,
                                                               const socket_address& to) noexcept {
  return {number, bytes, to};
}

/// Connects a socket. Cancelled or failed, it is of no further use. On epoll, poll and select a socket that blocks is connected
/// on the blocking pool, and then cannot be cancelled. Counterpart: loop.sock_connect.
[[nodiscard]] inline detail::sock_connect_operation sock_connect(int number, const socket_address& peer) noexcept {
  return {number, peer};
}

/// Waits for a connection to a listening socket. Gives the new socket's number, which is the caller's to close, does not block
/// and is not inherited (O_NONBLOCK, O_CLOEXEC), and its peer. Counterpart: loop.sock_accept.
[[nodiscard]] inline detail::sock_accept_operation sock_accept(int number) noexcept {
  return detail::sock_accept_operation(number);
}

/// As `send_file`, to a connected socket of a stream. Counterpart: loop.sock_sendfile.
[[nodiscard]] coro<std::uint64_t> sock_sendfile(int number, file& from, send_file_options options = {});

}  // namespace hocket
