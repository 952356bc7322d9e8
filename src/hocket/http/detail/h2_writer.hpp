#pragma once

#include <exception>
#include <optional>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/detail/h2_session.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// Writes what a session has for its peer, one send at a time: what comes of a turn goes out together.
class h2_writer {
 public:
  /// Both live longer. A send, some 64 KiB, takes `longest_send` at most.
  h2_writer(h2_session& session, byte_stream& to, std::optional<duration> longest_send = {}) noexcept
      : session_(session), to_(to), longest_send_(longest_send) {}

  /// Writes until `finish` was called and all is out: null. Otherwise why a send has failed: std::system_error, `timeout_error`. Throws what
  /// `h2_session::collect` throws, `cancelled`.
  [[nodiscard]] coro<std::exception_ptr> write();

  /// From here on nothing is written but what is there.
  void finish() noexcept;
  [[nodiscard]] bool is_finishing() const noexcept { return is_finishing_; }
  /// The peer is to take something.
  [[nodiscard]] bool is_sending() const noexcept { return is_sending_; }

 private:
  coro<std::exception_ptr> send();

  h2_session& session_;
  byte_stream& to_;
  std::optional<duration> longest_send_;
  std::string sending_;
  bool is_finishing_ = false;
  bool is_sending_ = false;
};

}  // namespace hocket::http::detail
