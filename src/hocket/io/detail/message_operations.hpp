#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

#include <hocket/io/io_operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::detail {

/// sendmsg(2), once: to where the socket is connected, or to an address; with descriptors, or without. Gives the count of bytes.
class send_message_operation final : public io_awaitable<send_message_operation, std::size_t> {
 public:
  static constexpr const char* name = "send";
  send_message_operation(descriptor* target, std::string_view bytes) noexcept
      : io_awaitable(io_op::send_message, target), bytes_(bytes) {}
  send_message_operation(descriptor* target, std::string_view bytes, const socket_address& to, int flags = 0) noexcept
      : io_awaitable(io_op::send_message, target), bytes_(bytes), to_(to) {
    request_.flags = static_cast<std::uint32_t>(flags);
  }
  /// The descriptors' numbers are copied. Throws std::bad_alloc.
  send_message_operation(descriptor* target, std::string_view bytes, std::span<const int> descriptors);
  send_message_operation(send_message_operation&& other) noexcept;
  [[nodiscard]] bool await_ready();
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }

 private:
  std::string_view bytes_;
  std::optional<socket_address> to_;
  std::unique_ptr<cmsghdr[]> control_;
  std::size_t control_bytes_ = 0;
  iovec piece_{};
  msghdr message_{};
};

/// connect(2) of a socket that is there: of datagrams, which only notes the peer.
class connect_existing_operation final : public detailed_awaitable<connect_existing_operation, void> {
 public:
  static constexpr const char* name = "connect";
  connect_existing_operation(descriptor* target, const socket_address& peer) noexcept
      : io_awaitable(io_op::connect, target), peer_(peer) {}
  [[nodiscard]] bool await_ready() {
    request_.data = const_cast<sockaddr*>(peer_.data());
    request_.length = peer_.size();
    return io_awaitable::await_ready();
  }
  void convert(std::int32_t) noexcept {}

 private:
  socket_address peer_;
};

}  // namespace hocket::detail
