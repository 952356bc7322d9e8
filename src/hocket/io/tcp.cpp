#include <array>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/detail/tcp_calls.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket {

using detail::option_of;
using detail::set_option;

void tcp_socket::set_no_delay(bool on) { set_option(handle_, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0); }
bool tcp_socket::no_delay() const { return option_of(handle_, IPPROTO_TCP, TCP_NODELAY) != 0; }

void tcp_socket::set_keep_alive(const std::optional<keep_alive_options>& options) {
  detail::set_keep_alive(handle_, options);
}

std::optional<keep_alive_options> tcp_socket::keep_alive() const {
  if (option_of(handle_, SOL_SOCKET, SO_KEEPALIVE) == 0) return std::nullopt;
  return keep_alive_options{.idle = std::chrono::seconds(option_of(handle_, IPPROTO_TCP, TCP_KEEPIDLE)),
                            .interval = std::chrono::seconds(option_of(handle_, IPPROTO_TCP, TCP_KEEPINTVL)),
                            .count = option_of(handle_, IPPROTO_TCP, TCP_KEEPCNT)};
}

void tcp_socket::set_reset_on_close(bool on) { detail::set_reset_on_close(handle_, on); }

bool tcp_socket::reset_on_close() const {
  linger how{};
  option_of(handle_, SOL_SOCKET, SO_LINGER, &how, sizeof how);
  return how.l_onoff != 0 && how.l_linger == 0;
}

void tcp_socket::set_user_timeout(std::chrono::milliseconds limit) { detail::set_user_timeout(handle_, limit); }

std::chrono::milliseconds tcp_socket::user_timeout() const {
  return std::chrono::milliseconds(option_of(handle_, IPPROTO_TCP, TCP_USER_TIMEOUT));
}

void tcp_socket::set_congestion_algorithm(const std::string& name) {
  set_option(handle_, IPPROTO_TCP, TCP_CONGESTION, name.data(), name.size());
}

std::string tcp_socket::congestion_algorithm() const {
  std::array<char, 17> name{};  // TCP_CA_NAME_MAX, and the end
  option_of(handle_, IPPROTO_TCP, TCP_CONGESTION, name.data(), name.size() - 1);
  return name.data();
}

void tcp_socket::set_quick_ack(bool on) { set_option(handle_, IPPROTO_TCP, TCP_QUICKACK, on ? 1 : 0); }

tcp_listener tcp_listener::listen(const socket_address& address, const listen_options& options,
                                  std::source_location where) {
  io_handle handle = detail::make_socket(address.family(), SOCK_STREAM, where);
  if (options.reuse_address) set_option(handle, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reuse_port) set_option(handle, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) set_option(handle, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1);
  set_options(handle, options.socket);
  if (options.fast_open > 0) set_option(handle, IPPROTO_TCP, TCP_FASTOPEN, options.fast_open);
  if (options.defer_accept.count() > 0)
    set_option(handle, IPPROTO_TCP, TCP_DEFER_ACCEPT, static_cast<int>(options.defer_accept.count()));
  detail::bind_and_listen(handle, address, options.backlog);
  return tcp_listener(std::move(handle));
}

namespace detail {

connect_operation::connect_operation(const socket_address& address, connect_options options, std::source_location where)
    : io_awaitable(io_op::connect, nullptr), address_(address), options_(std::move(options)), where_(where) {}

connect_operation::connect_operation(connect_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)),
      address_(other.address_),
      options_(std::move(other.options_)),
      where_(other.where_) {}

void connect_operation::prepare_socket() {
  handle_ = make_socket(address_.family(), SOCK_STREAM, where_);
  set_options(handle_, options_.socket);
  if (options_.fast_open) set_option(handle_, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  if (!options_.local_address) return;
  const socket_address& local = *options_.local_address;
  if (local.family() != address_.family()) throw std::system_error(EAFNOSUPPORT, std::system_category());
  // The port is chosen when the peer is known: two sockets may have the same one if their peers differ. ip(7)
  if (local.port() == 0) set_option(handle_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  bind(handle_, local);
}

bool connect_operation::await_ready() {
  try {
    prepare_socket();
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
}  // namespace hocket
