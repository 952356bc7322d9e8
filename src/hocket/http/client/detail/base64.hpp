#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace hocket::http::detail {

/// RFC 4648, 4, with padding.
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    unsigned group = 0;
    for (std::size_t n = 0; n < 3; ++n)
      group = group << 8 | (n < count ? static_cast<unsigned char>(bytes[at + n]) : 0U);
    for (std::size_t n = 0; n < 4; ++n) text += n <= count ? digits[group >> (18 - 6 * n) & 63] : '=';
  }
  return text;
}

}  // namespace hocket::http::detail
