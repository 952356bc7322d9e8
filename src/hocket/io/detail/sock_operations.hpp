#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

#include <hocket/io/detail/borrowing_operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

/// What is told of a datagram that came by a number: its sender, or the unspecified address where the system names none.
struct sock_sender {
  socket_address sender{};
  bool truncated = false;  // it was longer than the room for it: its rest is lost
};
struct sock_datagram : sock_sender {
  std::string bytes{};
};
struct sock_datagram_size : sock_sender {
  std::size_t size = 0;
};

/// A connection that was accepted by a number.
struct sock_connection {
  int number = -1;  // whose it is must see that it is closed
  socket_address peer{};
};

namespace detail {

inline constexpr std::size_t most_at_once = std::size_t{1} << 30;  // bytes; what the system can count in its answer

class sock_recv_operation final : public borrowing_operation<sock_recv_operation, std::string> {
 public:
  static constexpr const char* name = "receive from";
  sock_recv_operation(int number, std::size_t most) noexcept
      : borrowing_operation(io_op::recv, number), most_(std::min(most, most_at_once)) {}
  [[nodiscard]] bool await_ready() {
    bytes_.resize(most_);
    request_.data = bytes_.data();
    request_.length = most_;
    return borrowing_operation::await_ready();
  }
  [[nodiscard]] std::string convert(std::int32_t size) noexcept {
    bytes_.resize(static_cast<std::size_t>(size));
    return std::move(bytes_);
  }

 private:
  std::size_t most_;
  std::string bytes_;
};

class sock_recv_into_operation final : public borrowing_operation<sock_recv_into_operation, std::size_t> {
 public:
  static constexpr const char* name = "receive from";
  sock_recv_into_operation(int number, std::span<char> into) noexcept : borrowing_operation(io_op::recv, number) {
    request_.data = into.data();
    request_.length = std::min(into.size(), most_at_once);
  }
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }
};

/// A message without ancillary data: descriptors that a peer passes along are closed by the system.
class sock_message {
 public:
  [[nodiscard]] msghdr* into(std::span<char> memory) noexcept;
  [[nodiscard]] msghdr* of(std::string_view bytes, const socket_address& to) noexcept;
  void describe(sock_sender& into) const noexcept;

 private:
  msghdr header_{};
  iovec piece_{};
  sockaddr_storage sender_;
};

class sock_recvfrom_operation final : public borrowing_operation<sock_recvfrom_operation, sock_datagram> {
 public:
  static constexpr const char* name = "receive from";
  sock_recvfrom_operation(int number, std::size_t most) noexcept
      : borrowing_operation(io_op::receive_message, number), most_(std::min(most, most_at_once)) {}
  [[nodiscard]] bool await_ready() {
    bytes_.resize(most_);
    request_.data = message_.into(bytes_);
    return borrowing_operation::await_ready();
  }
  [[nodiscard]] sock_datagram convert(std::int32_t size) noexcept {
    sock_datagram came;
    message_.describe(came);
    bytes_.resize(static_cast<std::size_t>(size));
    came.bytes = std::move(bytes_);
    return came;
  }

 private:
  std::size_t most_;
  std::string bytes_;
  sock_message message_;
};

class sock_recvfrom_into_operation final
    : public borrowing_operation<sock_recvfrom_into_operation, sock_datagram_size> {
 public:
  static constexpr const char* name = "receive from";
  sock_recvfrom_into_operation(int number, std::span<char> into) noexcept
      : borrowing_operation(io_op::receive_message, number), into_(into) {}
  [[nodiscard]] bool await_ready() {
    request_.data = message_.into(into_);
    return borrowing_operation::await_ready();
  }
  [[nodiscard]] sock_datagram_size convert(std::int32_t size) noexcept {
    sock_datagram_size came;
    message_.describe(came);
    came.size = static_cast<std::size_t>(size);
    return came;
  }

 private:
  std::span<char> into_;
  sock_message message_;
};

class sock_sendall_operation final : public borrowing_operation<sock_sendall_operation, void> {
 public:
  static constexpr const char* name = "send to";
  sock_sendall_operation(int number, std::string_view bytes) noexcept : borrowing_operation(io_op::send, number) {
    request_.data = const_cast<char*>(bytes.data());
    request_.length = bytes.size();
  }
  void convert(std::int32_t) noexcept {}
};

class sock_sendto_operation final : public borrowing_operation<sock_sendto_operation, std::size_t> {
 public:
  static constexpr const char* name = "send to";
  sock_sendto_operation(int number, std::string_view bytes, const socket_address& to) noexcept
      : borrowing_operation(io_op::send_message, number), bytes_(bytes), to_(to) {}
  [[nodiscard]] bool await_ready() {
    request_.data = message_.of(bytes_, to_);
    return borrowing_operation::await_ready();
  }
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }

 private:
  std::string_view bytes_;
  socket_address to_;
  sock_message message_;
};

class sock_connect_operation final : public borrowing_operation<sock_connect_operation, void, detailed_operation> {
 public:
  static constexpr const char* name = "connect";
  sock_connect_operation(int number, const socket_address& peer) noexcept
      : borrowing_operation(io_op::connect, number), peer_(peer) {}
  [[nodiscard]] bool await_ready() {
    request_.data = const_cast<sockaddr*>(peer_.data());
    request_.length = peer_.size();
    return borrowing_operation::await_ready();
  }
  [[nodiscard]] std::string what_failed() const;
  void convert(std::int32_t) noexcept {}

 private:
  socket_address peer_;
};

class sock_accept_operation final : public borrowing_operation<sock_accept_operation, sock_connection> {
 public:
  static constexpr const char* name = "accept from";
  explicit sock_accept_operation(int number) noexcept : borrowing_operation(io_op::accept, number) {
    request_.flags = SOCK_NONBLOCK;
  }
  [[nodiscard]] sock_connection convert(std::int32_t number);
};

}  // namespace detail
}  // namespace hocket
