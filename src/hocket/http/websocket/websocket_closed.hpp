#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/base/error.hpp>

namespace hocket::http {

/// A websocket has ended, and not as it should, or too early for what was asked of it: the other side closed it with an error, broke the
/// protocol, sent too much, or was lost. `what()` says it in one line. Counterpart: websockets.exceptions.ConnectionClosed.
class websocket_closed : public error {
 public:
  websocket_closed(std::uint16_t code, std::string reason, const std::string& words)
      : error(words), code_(code), reason_(std::move(reason)) {}

  /// As `websocket::close_code`.
  [[nodiscard]] std::uint16_t code() const noexcept { return code_; }
  /// As the other side gave it: any text.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  std::uint16_t code_;
  std::string reason_;
};

}  // namespace hocket::http
