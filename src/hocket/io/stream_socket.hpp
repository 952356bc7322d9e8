#pragma once

#include <cstddef>
#include <source_location>
#include <span>
#include <string_view>
#include <utility>

#include <hocket/io/basic_socket.hpp>
#include <hocket/io/socket_operations.hpp>

namespace hocket {

/// A connected socket that carries bytes in order, of TCP or unix. One receiver and one sender at a time.
class stream_socket : public basic_socket {
 public:
  /// A socket that is not open.
  stream_socket() noexcept = default;

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

  [[nodiscard]] socket_address peer_address() const;

  /// Without waiting: true if the peer has closed or sent something. On an idle connection either means it cannot be reused.
  [[nodiscard]] bool has_something_to_read() const noexcept;

 protected:
  using basic_socket::basic_socket;
};

namespace detail {

/// Of a listener whose connections are `Socket`s.
template <class Socket>
class accept_operation final : public io_awaitable<accept_operation<Socket>, Socket> {
 public:
  static constexpr const char* name = "accept";
  accept_operation(descriptor* target, std::source_location where) noexcept
      : io_awaitable<accept_operation, Socket>(io_op::accept, target), where_(where) {}
  [[nodiscard]] Socket convert(std::int32_t number) {
    return Socket(io_handle(number, io_handle::made_here{}, where_));
  }

 private:
  std::source_location where_;
};

}  // namespace detail
}  // namespace hocket
