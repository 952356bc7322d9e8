#include <exception>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket {
namespace {

void check(int returned, const std::string& what) {
  if (returned < 0) throw std::system_error(errno, std::system_category(), what);
}

io_handle make_socket(int family, std::source_location where) {
  const int nonblocking = loop::running().io().wants_nonblocking() ? SOCK_NONBLOCK : 0;
  const int number = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | nonblocking, 0);
  check(number, "socket");
  return io_handle(number, io_handle::prepared{}, where);
}

void set_option(int number, int level, int option) {
  const int on = 1;
  check(::setsockopt(number, level, option, &on, sizeof on), "setsockopt");
}

template <class Ask>
socket_address address_of(int number, Ask ask, const char* what) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  check(ask(number, reinterpret_cast<sockaddr*>(&storage), &size), what);
  return {reinterpret_cast<const sockaddr*>(&storage), size};
}

}  // namespace

void tcp_socket::shutdown_send() noexcept { ::shutdown(handle_.number(), SHUT_WR); }

socket_address tcp_socket::local_address() const { return address_of(number(), ::getsockname, "getsockname"); }
socket_address tcp_socket::peer_address() const { return address_of(number(), ::getpeername, "getpeername"); }

bool tcp_socket::has_something_to_read() const noexcept {
  pollfd state{.fd = number(), .events = POLLIN, .revents = 0};
  return ::poll(&state, 1, 0) != 0;
}

tcp_listener tcp_listener::listen(const socket_address& address, listen_options options, std::source_location where) {
  io_handle handle = make_socket(address.family(), where);
  const int number = handle.number();
  set_option(number, SOL_SOCKET, SO_REUSEADDR);
  if (options.reuse_port) set_option(number, SOL_SOCKET, SO_REUSEPORT);
  set_option(number, IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  if (address.family() == AF_INET6) set_option(number, IPPROTO_IPV6, IPV6_V6ONLY);
  check(::bind(number, address.data(), address.size()), fmt::format("cannot listen at {}", address.to_string()));
  check(::listen(number, options.backlog), fmt::format("cannot listen at {}", address.to_string()));
  return tcp_listener(std::move(handle));
}

socket_address tcp_listener::local_address() const {
  return address_of(handle_.number(), ::getsockname, "getsockname");
}

namespace detail {

connect_operation::connect_operation(const socket_address& address, std::source_location where)
    : io_awaitable(io_op::connect, nullptr), address_(address), where_(where) {}

connect_operation::connect_operation(connect_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)), address_(other.address_), where_(other.where_) {}

bool connect_operation::await_ready() {
  try {
    handle_ = make_socket(address_.family(), where_);
    set_option(handle_.number(), IPPROTO_TCP, TCP_NODELAY);
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
