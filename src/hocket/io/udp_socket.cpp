#include <cerrno>
#include <cstring>

#include <netinet/in.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/udp_socket.hpp>

namespace hocket {

using detail::option_of;
using detail::set_option;

udp_socket udp_socket::open(int family, const udp_options& options, std::source_location where) {
  udp_socket made(detail::make_socket(family, SOCK_DGRAM, where));
  const io_handle& handle = made.handle_;
  if (options.reuse_port) set_option(handle, SOL_SOCKET, SO_REUSEPORT, 1);
  if (options.reuse_address) set_option(handle, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.broadcast) made.set_broadcast(true);
  if (family == AF_INET6) set_option(handle, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1);
  if (options.packet_info) {
    if (family == AF_INET6) set_option(handle, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (family == AF_INET) set_option(handle, IPPROTO_IP, IP_PKTINFO, 1);
  }
  if (options.send_buffer_bytes) made.set_send_buffer_bytes(*options.send_buffer_bytes);
  if (options.receive_buffer_bytes) made.set_receive_buffer_bytes(*options.receive_buffer_bytes);
  if (const std::string& name = options.device; !name.empty())
    set_option(handle, SOL_SOCKET, SO_BINDTODEVICE, name.data(), name.size());
  return made;
}

udp_socket udp_socket::bind(const socket_address& address, const udp_options& options, std::source_location where) {
  udp_socket made = open(address.family(), options, where);
  detail::bind(made.handle_, address);
  return made;
}

coro<void> udp_socket::connect(socket_address peer) {
  co_await detail::connect_existing_operation(handle_.record(), peer);
}

socket_address udp_socket::peer_address() const { return detail::peer_address_of(handle_); }

coro<void> udp_socket::send_batch(datagram_batch& batch) {
  batch.sent_ = 0;
  while (batch.sent_ < batch.size_) batch.sent_ += co_await detail::send_batch_operation(handle_.record(), batch);
}

// ---- options: the same for both families, under other names

int udp_socket::family() const { return option_of(handle_, SOL_SOCKET, SO_DOMAIN); }

static group_req request_of(const socket_address& group, unsigned interface_index) noexcept {
  group_req request{};
  request.gr_interface = interface_index;
  std::memcpy(&request.gr_group, group.data(), group.size());
  return request;
}

void udp_socket::join(const socket_address& group, unsigned interface_index) {
  const group_req request = request_of(group, interface_index);
  set_option(handle_, is_v6() ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof request);
}

void udp_socket::leave(const socket_address& group, unsigned interface_index) {
  const group_req request = request_of(group, interface_index);
  set_option(handle_, is_v6() ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof request);
}

void udp_socket::set_multicast_interface(unsigned index) {
  if (is_v6()) return set_option(handle_, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
  ip_mreqn by{};
  by.imr_ifindex = static_cast<int>(index);
  set_option(handle_, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by);
}

void udp_socket::set_multicast_ttl(int hops) {
  is_v6() ? set_option(handle_, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops)
          : set_option(handle_, IPPROTO_IP, IP_MULTICAST_TTL, hops);
}

int udp_socket::multicast_ttl() const {
  return is_v6() ? option_of(handle_, IPPROTO_IPV6, IPV6_MULTICAST_HOPS)
                 : option_of(handle_, IPPROTO_IP, IP_MULTICAST_TTL);
}

void udp_socket::set_multicast_loop(bool on) {
  is_v6() ? set_option(handle_, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on ? 1 : 0)
          : set_option(handle_, IPPROTO_IP, IP_MULTICAST_LOOP, on ? 1 : 0);
}

bool udp_socket::multicast_loop() const {
  return (is_v6() ? option_of(handle_, IPPROTO_IPV6, IPV6_MULTICAST_LOOP)
                  : option_of(handle_, IPPROTO_IP, IP_MULTICAST_LOOP)) != 0;
}

void udp_socket::set_ttl(int hops) {
  is_v6() ? set_option(handle_, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops) : set_option(handle_, IPPROTO_IP, IP_TTL, hops);
}

int udp_socket::ttl() const {
  return is_v6() ? option_of(handle_, IPPROTO_IPV6, IPV6_UNICAST_HOPS) : option_of(handle_, IPPROTO_IP, IP_TTL);
}

void udp_socket::set_broadcast(bool on) { set_option(handle_, SOL_SOCKET, SO_BROADCAST, on ? 1 : 0); }
bool udp_socket::broadcast() const { return option_of(handle_, SOL_SOCKET, SO_BROADCAST) != 0; }

// ---- connecting

coro<udp_socket> connect_udp(socket_address peer, udp_options options, std::optional<socket_address> local_address,
                             std::source_location where) {
  udp_socket made = local_address ? udp_socket::bind(*local_address, options, where)
                                  : udp_socket::open(peer.family(), options, where);
  co_await made.connect(peer);
  co_return made;
}

coro<udp_socket> connect_udp(std::string host, std::uint16_t port, udp_options options, std::source_location where) {
  const auto addresses = co_await resolve(host, port);
  std::exception_ptr problem;
  for (const socket_address& address : addresses) {
    auto connected = co_await as_result(connect_udp(address, options, {}, where));
    if (connected) co_return std::move(*connected);
    if (is_cancelled(connected.error())) std::rethrow_exception(connected.error());
    problem = connected.error();
  }
  std::rethrow_exception(problem);
}

// ---- operations

namespace detail {

msghdr* datagram_room::prepare(iovec& piece) noexcept {
  message_.msg_iov = &piece;
  message_.msg_iovlen = 1;
  message_.msg_name = &sender_;
  message_.msg_namelen = sizeof sender_;
  message_.msg_control = control_.data();
  message_.msg_controllen = sizeof control_;
  return &message_;
}

void datagram_room::describe(datagram_head& into) noexcept {
  if (message_.msg_namelen > 0)
    into.sender = socket_address(reinterpret_cast<const sockaddr*>(&sender_), message_.msg_namelen);
  into.truncated = (message_.msg_flags & MSG_TRUNC) != 0;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message_); each != nullptr; each = CMSG_NXTHDR(&message_, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(each), sizeof info);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr = info.ipi_addr;
      into.destination = socket_address(reinterpret_cast<const sockaddr*>(&to), sizeof to);
      into.interface_index = static_cast<unsigned>(info.ipi_ifindex);
    } else if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(each), sizeof info);
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      to.sin6_addr = info.ipi6_addr;
      into.destination = socket_address(reinterpret_cast<const sockaddr*>(&to), sizeof to);
      into.interface_index = info.ipi6_ifindex;
    }
  }
}

received_datagram receive_from_operation::convert(std::int32_t size) noexcept {
  received_datagram received;
  room_.describe(received);
  received.size = static_cast<std::size_t>(size);
  return received;
}

bool receive_lent_operation::await_ready() {
  bytes_ = io().borrow();
  into_ = {.iov_base = bytes_.bytes().data(), .iov_len = bytes_.size()};
  request_.data = room_.prepare(into_);
  return io_awaitable::await_ready();
}

lent_datagram receive_lent_operation::convert(std::int32_t size) noexcept {
  lent_datagram received;
  room_.describe(received);
  bytes_.truncate(static_cast<std::size_t>(size));
  received.bytes = std::move(bytes_);
  return received;
}

}  // namespace detail
}  // namespace hocket
