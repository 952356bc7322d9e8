#include <array>
#include <cstddef>

#include <hocket/redis/key_slot.hpp>

namespace hocket::redis {
namespace {

// CRC-16/XMODEM.
constexpr std::array<std::uint16_t, 256> crc_of_byte = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

std::uint16_t crc16(std::string_view bytes) noexcept {
  unsigned crc = 0;
  for (const char each : bytes) crc = (crc << 8) ^ crc_of_byte[((crc >> 8) ^ static_cast<unsigned char>(each)) & 0xFF];
  return static_cast<std::uint16_t>(crc);
}

std::string_view hashed_part(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

}  // namespace

std::uint16_t key_slot(std::string_view key) noexcept { return crc16(hashed_part(key)) % slot_count; }

}  // namespace hocket::redis
