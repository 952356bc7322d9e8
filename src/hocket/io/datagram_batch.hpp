#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

#include <hocket/io/io_operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

namespace detail {
class send_batch_operation;
class receive_batch_operation;
}  // namespace detail

/// Datagrams that are sent or received together. Has room for a number of them, each up to a size; using it again allocates
/// nothing. What was received can be changed in place and sent back as it is.
class datagram_batch {
 public:
  /// Room for `most` datagrams of `size_bytes` each. `most` of 1024 is what the system takes at once. Throws std::bad_alloc.
  datagram_batch(std::size_t most, std::size_t size_bytes);
  datagram_batch(datagram_batch&&) noexcept = default;
  datagram_batch& operator=(datagram_batch&&) noexcept = default;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return headers_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Copies a datagram to be sent to `to`, or to where the socket is connected. False if there is no room, or not enough.
  [[nodiscard]] bool add(std::string_view bytes, const socket_address& to) noexcept;
  [[nodiscard]] bool add(std::string_view bytes) noexcept;
  void clear() noexcept { size_ = 0; }

  /// The n-th: its bytes, its sender or receiver, and whether it was longer than the room for it. Precondition: n < size().
  [[nodiscard]] std::span<char> bytes(std::size_t n) noexcept;
  [[nodiscard]] socket_address address(std::size_t n) const noexcept;
  [[nodiscard]] bool truncated(std::size_t n) const noexcept;

  /// How many were sent by the last `send_batch`.
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }

 private:
  friend class detail::send_batch_operation;
  friend class detail::receive_batch_operation;
  friend class udp_socket;

  std::size_t size_bytes_;
  std::size_t size_ = 0;
  std::size_t sent_ = 0;
  std::unique_ptr<char[]> memory_;
  std::vector<iovec> pieces_;
  std::vector<sockaddr_storage> addresses_;
  std::vector<mmsghdr> headers_;
};

namespace detail {

/// sendmmsg(2), once, of those that are not sent yet; gives how many it took.
class send_batch_operation final : public io_awaitable<send_batch_operation, std::size_t> {
 public:
  static constexpr const char* name = "send";
  send_batch_operation(descriptor* target, datagram_batch& batch) noexcept
      : io_awaitable(io_op::send_messages, target) {
    request_.data = batch.headers_.data() + batch.sent_;
    request_.length = batch.size_ - batch.sent_;
  }
  [[nodiscard]] std::size_t convert(std::int32_t count) noexcept { return static_cast<std::size_t>(count); }
};

/// recvmmsg(2).
class receive_batch_operation final : public io_awaitable<receive_batch_operation, std::size_t> {
 public:
  static constexpr const char* name = "receive";
  receive_batch_operation(descriptor* target, datagram_batch& batch) noexcept
      : io_awaitable(io_op::receive_messages, target), batch_(&batch) {}
  receive_batch_operation(receive_batch_operation&& other) noexcept = default;
  [[nodiscard]] bool await_ready();
  [[nodiscard]] std::size_t convert(std::int32_t count) noexcept;

 private:
  datagram_batch* batch_;
};

}  // namespace detail
}  // namespace hocket
