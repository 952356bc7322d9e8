#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/http/websocket/detail/frame.hpp>

namespace hocket::testing {

using http::detail::frame_head;
using http::detail::frame_mask;
using http::detail::opcode;

inline constexpr frame_mask test_mask{0x37, 0xFA, 0x21, 0x3D};

/// A frame as a server sends it.
inline std::string server_frame(opcode kind, std::string_view payload, bool is_last = true) {
  std::string frame;
  http::detail::append_frame_head(frame, {.kind = kind, .is_last = is_last, .length = payload.size()});
  return frame.append(payload);
}

/// A frame as a client sends it.
inline std::string client_frame(opcode kind, std::string_view payload, bool is_last = true) {
  std::string frame;
  http::detail::append_frame_head(
      frame, {.kind = kind, .is_last = is_last, .is_masked = true, .mask = test_mask, .length = payload.size()});
  const std::size_t begin = frame.size();
  frame.append(payload);
  http::detail::apply_mask(std::span(frame).subspan(begin), test_mask, 0);
  return frame;
}

inline std::string close_frame(std::uint16_t code, std::string_view reason = "") {
  return server_frame(opcode::close, http::detail::close_payload(code, reason));
}

inline std::string client_close_frame(std::uint16_t code, std::string_view reason = "") {
  return client_frame(opcode::close, http::detail::close_payload(code, reason));
}

}  // namespace hocket::testing
