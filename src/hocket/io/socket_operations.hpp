#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <string_view>

#include <sys/socket.h>
#include <sys/uio.h>

#include <hocket/io/io_operation.hpp>

namespace hocket {

struct send_options {
  /// Lets the kernel read the bytes where they are instead of copying them; then the send completes when the peer has them,
  /// and cancelling it aborts the connection. Worth it for hundreds of kilobytes over a real network; on loopback the kernel
  /// copies all the same. Without effect where the backend or kernel cannot. MSG_ZEROCOPY.
  bool zero_copy = false;
};

namespace detail {

class receive_operation final : public io_awaitable<receive_operation, buffer> {
 public:
  static constexpr const char* name = "receive";
  explicit receive_operation(descriptor* target) noexcept : io_awaitable(io_op::receive, target) {}
  [[nodiscard]] buffer convert(std::int32_t size) noexcept { return size == 0 ? buffer() : io().lend(request_); }
};

class recv_operation final : public io_awaitable<recv_operation, std::size_t> {
 public:
  static constexpr const char* name = "recv";
  recv_operation(descriptor* target, std::span<char> into) noexcept : io_awaitable(io_op::recv, target) {
    request_.data = into.data();
    request_.length = into.size();
  }
  [[nodiscard]] std::size_t convert(std::int32_t size) noexcept { return static_cast<std::size_t>(size); }
};

class send_operation final : public io_awaitable<send_operation, void> {
 public:
  static constexpr const char* name = "send";
  send_operation(descriptor* target, std::string_view bytes, send_options options) noexcept
      : io_awaitable(io_op::send, target) {
    request_.data = const_cast<char*>(bytes.data());
    request_.length = bytes.size();
    request_.flags = options.zero_copy ? io_request::zero_copy : 0;
  }
  [[nodiscard]] bool await_ready() {
    return (request_.length == 0 && !task_base::require_current().must_throw()) || io_awaitable::await_ready();
  }
  void convert(std::int32_t) noexcept {}
};

class send_pieces_operation final : public io_awaitable<send_pieces_operation, void> {
 public:
  static constexpr const char* name = "send";
  send_pieces_operation(descriptor* target, std::span<const std::string_view> pieces);
  send_pieces_operation(send_pieces_operation&& other) noexcept;
  [[nodiscard]] bool await_ready();
  void convert(std::int32_t) noexcept {}

 private:
  static constexpr std::size_t few = 8;  // pieces that need no memory

  msghdr message_{};
  std::array<iovec, few> at_hand_;
  std::unique_ptr<iovec[]> many_;
};

}  // namespace detail
}  // namespace hocket
