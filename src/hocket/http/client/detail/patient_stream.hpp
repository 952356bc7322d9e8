#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/patience.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// A connection to a server, on which every wait is bounded by the nearer of the two limits of a `patience`: `timeout_error`.
class patient_stream {
 public:
  explicit patient_stream(byte_stream opened) noexcept : stream_(std::move(opened)) {}

  void be_patient(patience limits) noexcept { limits_ = limits; }
  /// Waits no longer than that from here on.
  void hurry(time_point deadline) noexcept { limits_.hurry(deadline); }

  [[nodiscard]] time_point deadline() const noexcept { return limits_.deadline; }

  /// As `byte_stream::send_all`.
  [[nodiscard]] coro<void> send(std::span<const std::string_view> pieces);
  /// A part of a file, which is small enough to depart at once. Throws hocket::error if the file has become shorter.
  [[nodiscard]] coro<void> send_part(file& from, std::uint64_t offset, std::uint64_t length);
  /// As `byte_stream::receive`. A server that is being sent to may be silent: then nothing is given after `each`.
  [[nodiscard]] coro<std::optional<buffer>> receive(bool may_be_silent);

  /// The unspecified address if the connection has no socket.
  [[nodiscard]] socket_address peer() const;
  [[nodiscard]] bool has_something_to_read() const noexcept { return stream_.has_something_to_read(); }
  /// Ends it at once; whoever waits for it gets `std::errc::operation_canceled`.
  void abort() noexcept { stream_.abort(); }
  /// What lies below; this is of no use any more.
  [[nodiscard]] byte_stream release() noexcept { return std::move(stream_); }

 private:
  byte_stream stream_;
  patience limits_;
};

}  // namespace hocket::http::detail
