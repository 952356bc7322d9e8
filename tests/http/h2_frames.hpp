#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

// Frames of HTTP/2 (RFC 9113, 4 and 6), made by hand, so that they can be wrong.

namespace hocket::testing::h2 {

enum frame_type : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
  priority_update = 16,  // RFC 9218
};

enum frame_flag : std::uint8_t { none = 0, end_stream = 1, ack = 1, end_headers = 4, padded = 8 };

enum error_code : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  stream_closed = 5,
  frame_size_error = 6,
  refused_stream = 7,
  cancel = 8,
  compression_error = 9,
  enhance_your_calm = 11,
  http_1_1_required = 13,
};

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(std::uint32_t value, int bytes = 4) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

inline std::uint32_t read_number(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

inline std::string frame(std::uint8_t type, int flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes = number(static_cast<std::uint32_t>(payload.size()), 3);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  return bytes + number(stream) + std::string(payload);
}

/// A string, or a length, as HPACK writes it (RFC 7541, 5.1 and 5.2), without Huffman.
inline std::string hpack_text(std::string_view text) {
  std::string bytes;
  if (text.size() < 127) {
    bytes += static_cast<char>(text.size());
  } else {
    bytes += static_cast<char>(127);
    std::size_t rest = text.size() - 127;
    for (; rest >= 128; rest /= 128) bytes += static_cast<char>(rest % 128 + 128);
    bytes += static_cast<char>(rest);
  }
  return bytes + std::string(text);
}

/// A field that is put into no table.
inline std::string field(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + hpack_text(name) + hpack_text(value);
}

using fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string block(fields all) {
  std::string bytes;
  for (const auto& [name, value] : all) bytes += field(name, value);
  return bytes;
}

/// The head of a request to "x", with further fields, as a block.
inline std::string request_block(std::string_view method, std::string_view path, fields more = {}) {
  return block({{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "x"}}) + block(more);
}

/// A request without a body.
inline std::string get(std::uint32_t stream, std::string_view path, fields more = {}) {
  return frame(headers, end_headers | end_stream, stream, request_block("GET", path, more));
}

/// The head of a request with one.
inline std::string post(std::uint32_t stream, std::string_view path, fields more = {}) {
  return frame(headers, end_headers, stream, request_block("POST", path, more));
}

inline std::string body(std::uint32_t stream, std::string_view bytes, bool is_last = true) {
  return frame(data, is_last ? end_stream : none, stream, bytes);
}

inline std::string reset(std::uint32_t stream, error_code why = cancel) {
  return frame(rst_stream, none, stream, number(why));
}

inline std::string window(std::uint32_t stream, std::uint32_t bytes) {
  return frame(window_update, none, stream, number(bytes));
}

inline std::string setting(std::uint32_t id, std::uint32_t value) { return number(id, 2) + number(value); }

}  // namespace hocket::testing::h2
