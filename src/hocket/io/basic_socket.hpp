#pragma once

#include <cstddef>
#include <utility>

#include <hocket/io/io_operation.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

/// What sockets of all kinds share. Owns its descriptor; closes it when destroyed, at once and with what is in flight ended by
/// `std::errc::operation_canceled`. Belongs to its loop's thread. What asks the system throws std::system_error.
class basic_socket {
 public:
  void close() noexcept { handle_.close(); }
  /// Gives the descriptor away.
  [[nodiscard]] io_handle release() noexcept { return std::move(handle_); }
  [[nodiscard]] const io_handle& handle() const noexcept { return handle_; }
  [[nodiscard]] bool is_open() const noexcept { return handle_.is_open(); }
  [[nodiscard]] int number() const noexcept { return handle_.number(); }
  [[nodiscard]] socket_address local_address() const;

  /// The system's buffers. It takes twice what is asked for, as it counts its own records too, and no more than
  /// net.core.wmem_max and rmem_max; what is asked for ends its own tuning. SO_SNDBUF, SO_RCVBUF
  void set_send_buffer_bytes(int size);
  void set_receive_buffer_bytes(int size);
  [[nodiscard]] int send_buffer_bytes() const;
  [[nodiscard]] int receive_buffer_bytes() const;

 protected:
  basic_socket() noexcept = default;
  explicit basic_socket(io_handle handle) noexcept : handle_(std::move(handle)) {}

  io_handle handle_;
};

}  // namespace hocket
