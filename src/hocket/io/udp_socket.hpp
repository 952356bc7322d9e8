#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/io/basic_socket.hpp>
#include <hocket/io/datagram_batch.hpp>
#include <hocket/io/detail/message_operations.hpp>

namespace hocket {

struct udp_options {
  /// Others that say so too may bind to the same address and port. With REUSEPORT the kernel spreads datagrams among them; with
  /// REUSEADDR each gets those to a multicast group, and the last one all others. SO_REUSEPORT, SO_REUSEADDR
  bool reuse_port = false;
  bool reuse_address = false;
  /// It may send to broadcast addresses. SO_BROADCAST
  bool broadcast = false;
  /// An IPv6 socket speaks IPv4 too, by v4-mapped addresses. IPV6_V6ONLY
  bool dual_stack = false;
  /// Each datagram tells the address to which it was sent and the interface by which it came. IP_PKTINFO, IPV6_RECVPKTINFO
  bool packet_info = false;
  /// See `basic_socket`. What does not fit into the buffer for receiving is dropped by the system.
  std::optional<int> send_buffer_bytes{};
  std::optional<int> receive_buffer_bytes{};
  /// Only datagrams of that network interface: "eth0". SO_BINDTODEVICE
  std::string device{};
};

/// What is told of a datagram beside its bytes.
struct datagram_head {
  socket_address sender{};
  bool truncated = false;  // it was longer than the memory for it: its rest is lost
  // With `udp_options::packet_info`, otherwise nothing and 0:
  std::optional<socket_address> destination{};  // port 0
  unsigned interface_index = 0;
};

/// A datagram in the caller's memory.
struct received_datagram : datagram_head {
  std::size_t size = 0;
};

/// A datagram in a buffer of the loop's.
struct lent_datagram : datagram_head {
  buffer bytes{};
};

namespace detail {

/// What recvmsg(2) needs beside the memory for the bytes. Stays where it is once it is prepared.
class datagram_room {
 public:
  /// The message that will be filled, with `piece` for the bytes.
  [[nodiscard]] msghdr* prepare(iovec& piece) noexcept;
  void describe(datagram_head& into) noexcept;

 private:
  msghdr message_{};
  sockaddr_storage sender_;
  std::array<cmsghdr, 4> control_;  // an in_pktinfo or an in6_pktinfo
};

class receive_from_operation final : public io_awaitable<receive_from_operation, received_datagram> {
 public:
  static constexpr const char* name = "receive";
  receive_from_operation(descriptor* target, std::span<char> into) noexcept
      : io_awaitable(io_op::receive_message, target), into_{.iov_base = into.data(), .iov_len = into.size()} {}
  receive_from_operation(receive_from_operation&& other) noexcept
      : io_awaitable(static_cast<io_awaitable&&>(other)), into_(other.into_) {}
  [[nodiscard]] bool await_ready() {
    request_.data = room_.prepare(into_);
    return io_awaitable::await_ready();
  }
  [[nodiscard]] received_datagram convert(std::int32_t size) noexcept;

 private:
  iovec into_;
  datagram_room room_;
};

class receive_lent_operation final : public io_awaitable<receive_lent_operation, lent_datagram> {
 public:
  static constexpr const char* name = "receive";
  explicit receive_lent_operation(descriptor* target) noexcept : io_awaitable(io_op::receive_message, target) {}
  receive_lent_operation(receive_lent_operation&& other) noexcept : io_awaitable(static_cast<io_awaitable&&>(other)) {}
  [[nodiscard]] bool await_ready();
  [[nodiscard]] lent_datagram convert(std::int32_t size) noexcept;

 private:
  buffer bytes_;
  iovec into_{};
  datagram_room room_;
};

}  // namespace detail

/// A socket of UDP, bound or not, connected to one peer or not. Datagrams are sent whole or not at all; they may be lost, doubled
/// or overtake each other, and an empty one is a datagram too.
///
/// Connected, it receives from its peer alone, and hears when the peer's machine refuses what was sent: the next operation, a
/// receive that waits before all others, ends with ECONNREFUSED, and the socket is as good as before. Not connected it never
/// hears of that (ip(7)). One receiver and one sender at a time. Counterpart: loop.sock_recvfrom, loop.sock_sendto.
class udp_socket : public basic_socket {
 public:
  /// A socket that is not open.
  udp_socket() noexcept = default;
  /// Takes ownership of a socket's descriptor.
  explicit udp_socket(io_handle handle) noexcept : basic_socket(std::move(handle)) {}

  /// At an address (port 0: one that is free; see `local_address`). Throws std::system_error, which names it.
  [[nodiscard]] static udp_socket bind(const socket_address& address, const udp_options& options = {},
                                       std::source_location where = std::source_location::current());
  /// Of a family, AF_INET or AF_INET6; the system chooses its address when it first sends. Throws std::system_error.
  [[nodiscard]] static udp_socket open(int family, const udp_options& options = {},
                                       std::source_location where = std::source_location::current());

  /// From here on sends to `peer`, and receives from it alone. Throws std::system_error, `cancelled`.
  [[nodiscard]] coro<void> connect(socket_address peer);
  [[nodiscard]] socket_address peer_address() const;

  /// Sends a datagram to where it is connected, or to `address`; suspends while the system's buffer is full. The bytes must stay
  /// alive. Throws std::system_error (EMSGSIZE: more than 65,507 bytes), `cancelled`; then it was not sent.
  [[nodiscard]] detail::send_message_operation send(std::string_view bytes) noexcept {
    return {handle_.record(), bytes};
  }
  [[nodiscard]] detail::send_message_operation send_to(std::string_view bytes, const socket_address& address) noexcept {
    return {handle_.record(), bytes, address};
  }

  /// Waits for a datagram and writes it into `into`, which must stay alive. Throws std::system_error, `cancelled`, and then has
  /// taken none.
  [[nodiscard]] detail::receive_from_operation receive_from(std::span<char> into) noexcept {
    return {handle_.record(), into};
  }
  /// The same into a buffer of the loop's, of 20 KiB, which it holds while it waits.
  [[nodiscard]] detail::receive_lent_operation receive_from() noexcept {
    return detail::receive_lent_operation(handle_.record());
  }

  /// Sends all datagrams of `batch`, with as few system calls as there can be; it must stay alive. If it throws, those before
  /// `batch.sent()` are sent. Throws std::system_error, `cancelled`. sendmmsg(2)
  [[nodiscard]] coro<void> send_batch(datagram_batch& batch);
  /// Waits for a datagram and takes those that have come as well, as many as `batch` has room for, by one system call; what was
  /// in `batch` is gone. Gives their number. Throws std::system_error, `cancelled`. recvmmsg(2)
  [[nodiscard]] detail::receive_batch_operation receive_batch(datagram_batch& batch) noexcept {
    return {handle_.record(), batch};
  }

  /// Receives what is sent to the multicast group, by the interface of that index; 0: the system chooses. Throw
  /// std::system_error. MCAST_JOIN_GROUP
  void join(const socket_address& group, unsigned interface_index = 0);
  void leave(const socket_address& group, unsigned interface_index = 0);

  /// By which interface multicast is sent; 0: the system chooses. IP_MULTICAST_IF, IPV6_MULTICAST_IF
  void set_multicast_interface(unsigned index);
  /// How many routers may pass it on, at first 1; whether sockets of this machine hear it, at first true.
  /// IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP
  void set_multicast_ttl(int hops);
  [[nodiscard]] int multicast_ttl() const;
  void set_multicast_loop(bool on);
  [[nodiscard]] bool multicast_loop() const;
  /// How many routers may pass a datagram on. IP_TTL, IPV6_UNICAST_HOPS
  void set_ttl(int hops);
  [[nodiscard]] int ttl() const;
  void set_broadcast(bool on);
  [[nodiscard]] bool broadcast() const;

  /// AF_INET or AF_INET6. Throws std::system_error.
  [[nodiscard]] int family() const;

 private:
  [[nodiscard]] bool is_v6() const { return family() == AF_INET6; }
};

/// A socket of UDP that is connected to `peer`, at the local address if one is given. No datagram is sent.
/// Throws std::system_error, `cancelled`. Counterpart: loop.create_datagram_endpoint(remote_addr=...).
[[nodiscard]] coro<udp_socket> connect_udp(socket_address peer, udp_options options = {},
                                           std::optional<socket_address> local_address = {},
                                           std::source_location where = std::source_location::current());
/// The same to the first address of `host` to which there is a way.
[[nodiscard]] coro<udp_socket> connect_udp(std::string host, std::uint16_t port, udp_options options = {},
                                           std::source_location where = std::source_location::current());

}  // namespace hocket
