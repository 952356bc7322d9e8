#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/stream_socket.hpp>

namespace hocket {

void stream_socket::shutdown_send() noexcept {
  if (is_open()) static_cast<void>(handle_.record()->owner().shutdown(number(), SHUT_WR));
}

socket_address stream_socket::peer_address() const { return detail::peer_address_of(handle_); }
bool stream_socket::has_something_to_read() const noexcept { return detail::has_something_to_read(handle_); }

}  // namespace hocket
