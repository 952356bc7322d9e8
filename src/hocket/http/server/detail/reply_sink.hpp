#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>

namespace hocket::http::detail {

/// What sends a reply, once its head was written: the writer of its body, whatever protocol carries it.
class reply_sink : public body_writer {
 public:
  /// Sends the head with all of a body, or with none.
  [[nodiscard]] virtual coro<void> send_with(std::string_view body) = 0;
  /// Sends what is left of the framing, with the head of a body of no bytes. Throws `invalid_state_error` of a body that is shorter than was
  /// announced.
  [[nodiscard]] virtual coro<void> finish() = 0;

  /// Some of the reply may have been sent, so that no other can take its place.
  [[nodiscard]] virtual bool has_begun() const noexcept = 0;
  /// The client was told the status.
  [[nodiscard]] virtual bool has_sent_head() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t body_bytes() const noexcept = 0;
};

}  // namespace hocket::http::detail
