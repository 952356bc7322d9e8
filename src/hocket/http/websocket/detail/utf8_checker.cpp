#include <cstdint>
#include <cstring>

#include <hocket/http/websocket/detail/utf8_checker.hpp>

namespace hocket::http::detail {

static std::string_view without_ascii_in_front(std::string_view bytes) noexcept {
  constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
  std::uint64_t word = 0;
  while (bytes.size() >= sizeof word) {
    std::memcpy(&word, bytes.data(), sizeof word);
    if ((word & high_bits) != 0) break;
    bytes.remove_prefix(sizeof word);
  }
  return bytes;
}

bool utf8_checker::add(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (left_ == 0) {
      bytes = without_ascii_in_front(bytes);
      if (bytes.empty()) return true;
      if (!begin_character(static_cast<unsigned char>(bytes.front()))) return false;
    } else {
      const auto byte = static_cast<unsigned char>(bytes.front());
      if (byte < low_ || byte > high_) return false;
      --left_;
      low_ = 0x80;
      high_ = 0xBF;
    }
    bytes.remove_prefix(1);
  }
  return true;
}

// What the second byte may not be is what would be overlong, a surrogate, or beyond U+10FFFF.
bool utf8_checker::begin_character(unsigned char byte) noexcept {
  if (byte < 0x80) return true;
  if (byte < 0xC2 || byte > 0xF4) return false;
  left_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) low_ = 0xA0;
  if (byte == 0xED) high_ = 0x9F;
  if (byte == 0xF0) low_ = 0x90;
  if (byte == 0xF4) high_ = 0x8F;
  return true;
}

}  // namespace hocket::http::detail
