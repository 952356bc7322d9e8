#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/coding/content_encoder.hpp>

namespace hocket::testing {

/// All of `content`, given in pieces of that size, and taken in pieces of that size.
inline std::string decoded(http::content_decoder& decoder, std::string_view content, std::size_t input_piece = 4096,
                           std::size_t output_piece = 4096) {
  std::string all;
  std::vector<char> room(output_piece);
  for (std::size_t at = 0; at < content.size();) {
    auto input = content.substr(at, input_piece);
    at += input.size();
    while (true) {
      const auto [consumed, produced] = decoder.decode(input, room);
      input.remove_prefix(consumed);
      if (produced == 0) break;
      all.append(room.data(), produced);
    }
    if (!input.empty()) throw error("input was left over");
  }
  decoder.finish();
  return all;
}

inline std::string decoded(http::content_coding coding, std::string_view content, std::size_t input_piece = 4096,
                           std::size_t output_piece = 4096) {
  http::content_decoder decoder(coding);
  return decoded(decoder, content, input_piece, output_piece);
}

/// What the encoder makes of a piece.
inline std::string encoded(http::content_encoder& encoder, std::string_view input, http::encoding_end end,
                           std::size_t output_piece = 4096) {
  std::string all;
  std::vector<char> room(output_piece);
  while (true) {
    const auto step = encoder.encode(input, room, end);
    input.remove_prefix(step.consumed);
    all.append(room.data(), step.produced);
    if (step.done) return all;
  }
}

inline std::string encoded(http::content_coding coding, std::string_view content) {
  http::content_encoder encoder(coding);
  return encoded(encoder, content, http::encoding_end::content);
}

/// Text that is neither all the same nor all different.
inline std::string sample_content(std::size_t size) {
  std::string text;
  unsigned state = 12345;
  while (text.size() < size) {
    state = state * 1103515245U + 12345U;
    text += "line " + std::to_string(state >> 16U & 0x3ffU) + "\n";
  }
  text.resize(size);
  return text;
}

}  // namespace hocket::testing
