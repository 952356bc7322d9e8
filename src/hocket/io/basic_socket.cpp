#include <hocket/io/basic_socket.hpp>
#include <hocket/io/detail/socket_calls.hpp>

namespace hocket {

using detail::option_of;
using detail::set_option;

socket_address basic_socket::local_address() const { return detail::local_address_of(handle_); }

void basic_socket::set_send_buffer_bytes(int size) { set_option(handle_, SOL_SOCKET, SO_SNDBUF, size); }
void basic_socket::set_receive_buffer_bytes(int size) { set_option(handle_, SOL_SOCKET, SO_RCVBUF, size); }
int basic_socket::send_buffer_bytes() const { return option_of(handle_, SOL_SOCKET, SO_SNDBUF); }
int basic_socket::receive_buffer_bytes() const { return option_of(handle_, SOL_SOCKET, SO_RCVBUF); }

}  // namespace hocket
