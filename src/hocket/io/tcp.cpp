#include <exception>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket {

void tcp_socket::shutdown_send() noexcept {
  if (is_open()) static_cast<void>(handle_.record()->owner().shutdown(number(), SHUT_WR));
}

socket_address tcp_socket::local_address() const { return detail::local_address_of(handle_); }
socket_address tcp_socket::peer_address() const { return detail::peer_address_of(handle_); }
bool tcp_socket::has_something_to_read() const noexcept { return detail::has_something_to_read(handle_); }

tcp_listener tcp_listener::listen(const socket_address& address, listen_options options, std::source_location where) {
  io_handle handle = detail::make_socket(address.family(), SOCK_STREAM, where);
  detail::set_option(handle, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reuse_port) detail::set_option(handle, SOL_SOCKET, SO_REUSEPORT, 1);
  detail::set_option(handle, IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
  if (address.family() == AF_INET6) detail::set_option(handle, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  detail::bind_and_listen(handle, address, options.backlog);
  return tcp_listener(std::move(handle));
}

socket_address tcp_listener::local_address() const { return detail::local_address_of(handle_); }

namespace detail {

connect_operation::connect_operation(const socket_address& address, std::source_location where)
    : io_awaitable(io_op::connect, nullptr), address_(address), where_(where) {}

connect_operation::connect_operation(connect_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)), address_(other.address_), where_(other.where_) {}

bool connect_operation::await_ready() {
  try {
    handle_ = make_socket(address_.family(), SOCK_STREAM, where_);
    set_option(handle_, IPPROTO_TCP, TCP_NODELAY, 1);
  } catch (const std::system_error& refused) {  // as the system's answer, so that `as_expected` has it too
    fail(refused.code().value());
    return true;
  }
  aim_at(*handle_.record());
  request_.data = const_cast<sockaddr*>(address_.data());
  request_.length = address_.size();
  return io_awaitable::await_ready();
}

}  // namespace detail

coro<tcp_socket> connect_tcp(std::string host, std::uint16_t port, std::source_location where) {
  const auto addresses = co_await resolve(std::move(host), port);
  std::error_code error;
  for (const socket_address& address : addresses) {
    auto connected = co_await as_expected(tcp_socket::connect(address, where));
    if (connected) co_return std::move(*connected);
    error = connected.error();
  }
  throw std::system_error(error, fmt::format("cannot connect to {}", addresses.back().to_string()));
}

}  // namespace hocket
