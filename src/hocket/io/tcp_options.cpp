#include <netinet/in.h>
#include <netinet/tcp.h>

#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/detail/tcp_calls.hpp>
#include <hocket/io/tcp_options.hpp>

namespace hocket {

using detail::set_option;

void set_options(const io_handle& socket, const tcp_options& options) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, options.no_delay ? 1 : 0);
  if (options.keep_alive) detail::set_keep_alive(socket, options.keep_alive);
  if (options.reset_on_close) detail::set_reset_on_close(socket, true);
  if (options.send_buffer_bytes) set_option(socket, SOL_SOCKET, SO_SNDBUF, *options.send_buffer_bytes);
  if (options.receive_buffer_bytes) set_option(socket, SOL_SOCKET, SO_RCVBUF, *options.receive_buffer_bytes);
  if (options.user_timeout) detail::set_user_timeout(socket, *options.user_timeout);
  if (const std::string& name = options.congestion_algorithm; !name.empty())
    set_option(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), name.size());
  if (const std::string& name = options.device; !name.empty())
    set_option(socket, SOL_SOCKET, SO_BINDTODEVICE, name.data(), name.size());
}

namespace detail {

void set_keep_alive(const io_handle& socket, const std::optional<keep_alive_options>& options) {
  if (options) {
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options->idle.count()));
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options->interval.count()));
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, options->count);
  }
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, options ? 1 : 0);
}

void set_reset_on_close(const io_handle& socket, bool on) {
  const linger how{.l_onoff = on ? 1 : 0, .l_linger = 0};
  set_option(socket, SOL_SOCKET, SO_LINGER, &how, sizeof how);
}

void set_user_timeout(const io_handle& socket, std::chrono::milliseconds limit) {
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limit.count()));
}

}  // namespace detail
}  // namespace hocket
