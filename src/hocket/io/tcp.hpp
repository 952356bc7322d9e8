#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/io/stream_socket.hpp>
#include <hocket/io/tcp_options.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket {

namespace detail {
class connect_operation;
}

struct connect_options {
  tcp_options socket{};
  /// The address and port (0: any) to connect from; only peers of the same family can be reached. bind(2)
  std::optional<socket_address> local_address{};
  /// Connects with the first bytes that are sent, which travel along with the greeting: for protocols whose client speaks
  /// first, and only for bytes that may arrive twice. The first connection to a peer only fetches its cookie. RFC 7413,
  /// TCP_FASTOPEN_CONNECT
  bool fast_open = false;

  // Of `connect_tcp` only:

  /// How long an address may take before the next one is tried beside it. RFC 8305, 5
  delay attempt_delay = std::chrono::milliseconds(250);
  /// Addresses for which this is false are not tried, and count as refused (EACCES).
  std::function<bool(const socket_address&)> allow{};
  /// Finds the host's addresses. Null: the system.
  std::shared_ptr<hocket::resolver> resolver{};
};

/// A connected TCP socket.
class tcp_socket : public stream_socket {
 public:
  /// A socket that is not open.
  tcp_socket() noexcept = default;
  /// Takes ownership of a connected socket's descriptor.
  explicit tcp_socket(io_handle handle) noexcept : stream_socket(std::move(handle)) {}

  /// Connects to `address`. Throws std::system_error, `cancelled`. Counterpart: loop.sock_connect.
  [[nodiscard]] static detail::connect_operation connect(const socket_address& address, connect_options options = {},
                                                         std::source_location where = std::source_location::current());

  // What `tcp_options` set before a connection, while there is one. All throw std::system_error.

  void set_no_delay(bool on);
  [[nodiscard]] bool no_delay() const;
  /// Nothing: peers may be silent for ever.
  void set_keep_alive(const std::optional<keep_alive_options>& options);
  [[nodiscard]] std::optional<keep_alive_options> keep_alive() const;
  void set_reset_on_close(bool on);
  [[nodiscard]] bool reset_on_close() const;
  /// Zero: as the system has it.
  void set_user_timeout(std::chrono::milliseconds limit);
  [[nodiscard]] std::chrono::milliseconds user_timeout() const;
  void set_congestion_algorithm(const std::string& name);
  [[nodiscard]] std::string congestion_algorithm() const;
  /// Acknowledges at once what comes next, until the system thinks otherwise: to be said again after each receive. TCP_QUICKACK
  void set_quick_ack(bool on);
};

struct listen_options {
  int backlog = 4096;  // the kernel takes less if net.core.somaxconn is
  /// Others that say so too may listen at the same address and port; the kernel spreads connections among them. SO_REUSEPORT
  bool reuse_port = false;
  /// Connections of an earlier listener that are still dying do not matter. SO_REUSEADDR
  bool reuse_address = true;
  /// An IPv6 listener takes IPv4 connections too, whose addresses are v4-mapped. Listen at "::". IPV6_V6ONLY
  bool dual_stack = false;
  /// How many connections may wait whose first bytes came with their greeting; 0: none are taken so. RFC 7413, TCP_FASTOPEN
  int fast_open = 0;
  /// Connections are accepted when they have sent something, or after about as long without. TCP_DEFER_ACCEPT
  std::chrono::seconds defer_accept{0};
  /// For the listener and the connections that it accepts.
  tcp_options socket{};
};

/// A socket that accepts TCP connections.
class tcp_listener : public basic_socket {
 public:
  /// Listens at `address` (port 0: one that is free; see `local_address`). Throws std::system_error.
  [[nodiscard]] static tcp_listener listen(const socket_address& address, const listen_options& options = {},
                                           std::source_location where = std::source_location::current());

  /// Not listening.
  tcp_listener() noexcept = default;
  /// Takes ownership of a listening socket's descriptor.
  /// If other processes accept from it too, make it non-blocking first: on epoll a loop that comes second to a connection would
  /// else wait in accept4(2) for the next one, with everybody in it.
  explicit tcp_listener(io_handle handle) noexcept : basic_socket(std::move(handle)) {}

  /// Waits for a connection. Throws std::system_error, `cancelled`; which errors are worth another try tells `accept_failure_of`.
  /// Counterpart: loop.sock_accept.
  [[nodiscard]] detail::accept_operation<tcp_socket> accept(
      std::source_location where = std::source_location::current()) noexcept {
    return {handle_.record(), where};
  }
};

namespace detail {

class connect_operation final : public detailed_awaitable<connect_operation, tcp_socket> {
 public:
  static constexpr const char* name = "connect";
  connect_operation(const socket_address& address, connect_options options, std::source_location where);
  connect_operation(connect_operation&& other) noexcept;
  [[nodiscard]] bool await_ready();
  [[nodiscard]] tcp_socket convert(std::int32_t) noexcept { return tcp_socket(std::move(handle_)); }

 private:
  void prepare_socket();

  socket_address address_;
  connect_options options_;
  std::source_location where_;
  io_handle handle_;
};

}  // namespace detail

inline detail::connect_operation tcp_socket::connect(const socket_address& address, connect_options options,
                                                     std::source_location where) {
  return {address, std::move(options), where};
}

/// Resolves `host` and connects to one of its addresses: to the first that answers, for they are tried one beside the other,
/// each `attempt_delay` after the one before, or at once when that has failed; families take turns, and the one that comes first
/// begins (RFC 8305, "happy eyeballs"). The other attempts are cancelled and closed before this returns.
///
/// If none answers, throws a std::system_error in one line that names each address with its error; `code()` is that of the last.
/// What `resolve` throws passes. Counterpart: loop.create_connection, asyncio.open_connection without streams.
[[nodiscard]] coro<tcp_socket> connect_tcp(std::string host, std::uint16_t port, connect_options options = {},
                                           std::source_location where = std::source_location::current());

/// The same for who knows the addresses. `host`: how the error calls the peer; without one it names the addresses alone.
[[nodiscard]] coro<tcp_socket> connect_tcp(std::vector<socket_address> addresses, connect_options options = {},
                                           std::string host = {},
                                           std::source_location where = std::source_location::current());

}  // namespace hocket
