#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <hocket/base/error.hpp>

namespace hocket::http::detail {

enum class opcode : unsigned char { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

[[nodiscard]] constexpr bool is_control(opcode kind) noexcept { return kind >= opcode::close; }

inline constexpr std::size_t longest_control = 125;  // RFC 6455, 5.5
inline constexpr std::size_t longest_frame_head = 14;

/// What covers the payload of a frame that a client sends. Source: RFC 6455, 5.3.
using frame_mask = std::array<unsigned char, 4>;

/// What stands before a payload.
struct frame_head {
  opcode kind = opcode::continuation;
  bool is_last = true;         ///< FIN
  bool is_compressed = false;  ///< RSV1
  bool is_masked = false;
  frame_mask mask{};
  std::uint64_t length = 0;
};

/// Appends it, its length in as few bytes as there may be.
void append_frame_head(std::string& to, const frame_head& head);

/// Covers or uncovers bytes that begin `offset` bytes after the beginning of the payload.
void apply_mask(std::span<char> bytes, const frame_mask& mask, std::uint64_t offset) noexcept;

/// Appends a whole control frame.
void append_control_frame(std::string& to, opcode kind, std::string_view payload, const frame_mask* mask);

/// The payload of a close frame; none for the code `close_code::none`.
[[nodiscard]] std::string close_payload(std::uint16_t code, std::string_view reason);

/// Frames that no conforming peer sends. The reason is one line without any of the peer's bytes.
class bad_frame : public protocol_error {
 public:
  bad_frame(std::uint16_t code, const std::string& reason) : protocol_error(reason), code_(code) {}
  /// With which the websocket is closed.
  [[nodiscard]] std::uint16_t code() const noexcept { return code_; }

 private:
  std::uint16_t code_;
};

}  // namespace hocket::http::detail
