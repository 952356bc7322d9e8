#pragma once

#include <system_error>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/unix_socket.hpp>

namespace hocket {

/// Told why nothing can be accepted for now, before the pause.
using starvation_handler = function<void(std::error_code)>;

/// Waits for the next connection, and outlasts what is no fault of the listener's: a client that has gone is passed over; when
/// the process or the system is out of descriptors or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM), `starved` is told (without one
/// the loop's exception handler), and after a second it tries again. So it does when many in a row come to nothing, for that
/// may last as long as a network is down or a firewall forbids it.
///
/// Both must stay alive. Throws std::system_error, `cancelled`.
[[nodiscard]] HOCKET_CORO_WRAPPER coro<tcp_socket> accept_connection(tcp_listener& listener,
                                                                     starvation_handler* starved = nullptr);
[[nodiscard]] HOCKET_CORO_WRAPPER coro<unix_socket> accept_connection(unix_listener& listener,
                                                                      starvation_handler* starved = nullptr);

}  // namespace hocket
