// Input: a byte that chooses the codings, one that chooses how the rest is cut, and a content.
// However it is cut, the same must come out of it, within the limits; only where the ratio ends it may differ.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/coding/content_decoder.hpp>

namespace {

using hocket::http::content_coding;

constexpr std::size_t most_bytes = std::size_t{1} << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<content_coding> codings_of(unsigned choice) {
  std::vector<content_coding> codings{static_cast<content_coding>(choice % 5)};
  if (choice / 5 % 5 != 0) codings.push_back(static_cast<content_coding>(choice / 5 % 5));
  return codings;
}

struct outcome {
  std::string content;
  bool whole = false;
  bool bomb = false;
};

outcome decode(const std::vector<content_coding>& codings, std::string_view content, std::size_t input_piece,
               std::size_t output_piece) {
  outcome result;
  std::vector<char> room(output_piece);
  try {
    hocket::http::content_decoder decoder(codings, {.size_bytes = most_bytes});
    for (std::size_t at = 0; at < content.size(); at += input_piece) {
      auto input = content.substr(at, input_piece);
      while (true) {
        const auto [consumed, produced] = decoder.decode(input, room);
        require(consumed <= input.size() && produced <= room.size());
        input.remove_prefix(consumed);
        if (produced == 0) break;
        result.content.append(room.data(), produced);
      }
      require(input.empty());
    }
    require(decoder.consumed_bytes() == content.size() && decoder.produced_bytes() == result.content.size());
    decoder.finish();
    result.whole = true;
  } catch (const hocket::http::content_bomb_error&) {
    result.bomb = true;
  } catch (const hocket::http::content_decoding_error&) {
  }
  require(result.content.size() <= most_bytes);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto codings = codings_of(data[0]);
  const std::string_view content(reinterpret_cast<const char*>(data) + 2, size - 2);

  const auto whole = decode(codings, content, std::max<std::size_t>(content.size(), 1), std::size_t{64} * 1024);
  const auto cut = decode(codings, content, data[1] % 16 + 1U, data[1] / 16 * 37U + 1U);
  if (!whole.bomb && !cut.bomb) {
    require(whole.whole == cut.whole);
    if (whole.whole) require(whole.content == cut.content);
  }

  static_cast<void>(hocket::http::parse_content_encoding(content));
  static constexpr content_coding offered[] = {content_coding::br, content_coding::gzip};
  static_cast<void>(hocket::http::negotiate_coding(content, offered));
  return 0;
}
