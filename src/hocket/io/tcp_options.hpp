#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <hocket/io/io_operation.hpp>

namespace hocket {

/// When the system asks a silent peer whether it is still there, and gives up: an operation then fails with ETIMEDOUT.
/// Two minutes as it stands here, against the system's two hours. tcp(7)
struct keep_alive_options {
  std::chrono::seconds idle{60};      // of silence before it first asks; TCP_KEEPIDLE
  std::chrono::seconds interval{10};  // between questions; TCP_KEEPINTVL
  int count = 6;                      // of questions without an answer; TCP_KEEPCNT
};

/// What is asked of a TCP socket before it connects or listens; accepted sockets inherit it from their listener. What is not
/// set stays as the system has it. tcp(7), socket(7)
struct tcp_options {
  /// Small writes go out at once instead of waiting for the peer's acknowledgement. TCP_NODELAY
  bool no_delay = true;
  std::optional<keep_alive_options> keep_alive{};
  /// Closing ends the connection with a reset, and what was not sent is lost. SO_LINGER with 0; a longer time is not offered,
  /// for it would make close(2) wait, and the loop with it.
  bool reset_on_close = false;
  /// See `basic_socket`. Set before the connection, for the window's scale is agreed upon when it begins.
  std::optional<int> send_buffer_bytes{};
  std::optional<int> receive_buffer_bytes{};
  /// How long sent bytes may stay without an acknowledgement before the connection fails with ETIMEDOUT. TCP_USER_TIMEOUT
  std::optional<std::chrono::milliseconds> user_timeout{};
  /// "cubic", "reno", "bbr", ...; those of net.ipv4.tcp_allowed_congestion_control need no privilege. TCP_CONGESTION
  std::string congestion_algorithm{};
  /// Only packets of that network interface: "eth0". SO_BINDTODEVICE
  std::string device{};
};

/// Sets what `options` say on an open socket of TCP: also one inside a `byte_stream`. Throws std::system_error.
void set_options(const io_handle& socket, const tcp_options& options);

}  // namespace hocket
