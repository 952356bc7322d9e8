#include <cstring>
#include <limits>

#include <hocket/http/websocket/close_code.hpp>
#include <hocket/http/websocket/detail/frame.hpp>

namespace hocket::http::detail {

static void append_number(std::string& to, std::uint64_t number, unsigned bytes) {
  for (unsigned at = bytes; at-- > 0;) to.push_back(static_cast<char>(number >> (8 * at) & 0xFF));
}

void append_frame_head(std::string& to, const frame_head& head) {
  const unsigned bits = (head.is_last ? 0x80U : 0U) | (head.is_compressed ? 0x40U : 0U);
  to.push_back(static_cast<char>(bits | static_cast<unsigned>(head.kind)));
  const unsigned masked = head.is_masked ? 0x80U : 0U;
  if (head.length <= 125) {
    to.push_back(static_cast<char>(masked | static_cast<unsigned>(head.length)));
  } else if (head.length <= std::numeric_limits<std::uint16_t>::max()) {
    to.push_back(static_cast<char>(masked | 126U));
    append_number(to, head.length, 2);
  } else {
    to.push_back(static_cast<char>(masked | 127U));
    append_number(to, head.length, 8);
  }
  if (head.is_masked)
    for (const unsigned char byte : head.mask) to.push_back(static_cast<char>(byte));
}

void apply_mask(std::span<char> bytes, const frame_mask& mask, std::uint64_t offset) noexcept {
  std::array<unsigned char, 8> turned{};
  for (std::size_t at = 0; at < turned.size(); ++at) turned[at] = mask[(offset + at) % mask.size()];
  std::uint64_t key = 0;
  std::memcpy(&key, turned.data(), sizeof key);
  const std::size_t whole_words = bytes.size() / sizeof key;  // counted, so that the compiler takes several at once
  for (std::size_t n = 0; n < whole_words; ++n) {
    char* const at = bytes.data() + n * sizeof key;
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t at = whole_words * sizeof key; at < bytes.size(); ++at)
    bytes[at] = static_cast<char>(bytes[at] ^ turned[at % turned.size()]);
}

void append_control_frame(std::string& to, opcode kind, std::string_view payload, const frame_mask* mask) {
  frame_head head{.kind = kind, .length = payload.size()};
  if (mask != nullptr) {
    head.is_masked = true;
    head.mask = *mask;
  }
  append_frame_head(to, head);
  const std::size_t begin = to.size();
  to += payload;
  if (mask != nullptr) apply_mask(std::span(to).subspan(begin), *mask, 0);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  if (code == close_code::none) return payload;
  append_number(payload, code, 2);
  payload += reason;
  return payload;
}

}  // namespace hocket::http::detail
