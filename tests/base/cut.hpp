#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hocket::testing {

// `bytes` cut into pieces of `size`, the last one shorter.
inline std::vector<std::string_view> cut(std::string_view bytes, std::size_t size) {
  std::vector<std::string_view> pieces;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) pieces.push_back(bytes.substr(0, size));
  return pieces;
}

// `bytes` cut into pieces of sizes that depend on the bytes: short ones and long ones, empty ones too.
inline std::vector<std::string_view> cut_anyhow(std::string_view bytes) {
  std::vector<std::string_view> pieces;
  std::uint32_t state = static_cast<std::uint32_t>(bytes.size()) + 1;
  while (!bytes.empty()) {
    state = state * 1'664'525 + 1'013'904'223 + static_cast<unsigned char>(bytes.front());
    const std::size_t size = (state >> 16) % ((state >> 28) + 2);
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return pieces;
}

}  // namespace hocket::testing
