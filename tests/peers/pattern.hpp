#pragma once

#include <cstddef>
#include <string>

namespace hocket::testing {

/// So many bytes of all values in which no two places nearby look alike: what is lost, doubled or swapped is seen.
inline std::string pattern(std::size_t size, unsigned seed = 0) {
  std::string bytes(size, '\0');
  unsigned state = seed * 2'654'435'761U + 1;
  for (char& each : bytes) {
    state = state * 1'664'525U + 1'013'904'223U;
    each = static_cast<char>(state >> 24U);
  }
  return bytes;
}

/// The same as lines of letters.
inline std::string pattern_of_lines(std::size_t size, unsigned seed = 0) {
  std::string text = pattern(size, seed);
  for (std::size_t at = 0; at < size; ++at)
    text[at] =
        at % 80 == 79 || at + 1 == size ? '\n' : static_cast<char>('a' + static_cast<unsigned char>(text[at]) % 26);
  return text;
}

}  // namespace hocket::testing
