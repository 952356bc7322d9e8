// Feeds bytes to the decoder of an encoding (the first byte says which) whole, byte by byte and cut in two at a place of the
// second byte's choice, and expects the same, well-formed text; encodes that, and expects it back where the encoding is able
// to. What is detected must be the same again, and no step may read beyond the bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <hocket/base/utf8.hpp>
#include <hocket/text/detect_encoding.hpp>
#include <hocket/text/text_decoder.hpp>
#include <hocket/text/text_encoder.hpp>

namespace {

using hocket::encoding;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Decodes a piece from memory of its own, so that overruns are seen.
void feed(hocket::text_decoder& decoder, std::string_view piece, std::string& text) {
  const auto memory = std::make_unique<char[]>(piece.size());
  std::ranges::copy(piece, memory.get());
  decoder.decode({memory.get(), piece.size()}, text);
}

std::string decoded_in_two(std::string_view bytes, std::size_t cut, encoding which) {
  hocket::text_decoder decoder(which);
  std::string text;
  feed(decoder, bytes.substr(0, cut), text);
  feed(decoder, bytes.substr(cut), text);
  decoder.finish(text);
  return text;
}

std::string decoded_by_bytes(std::string_view bytes, encoding which) {
  hocket::text_decoder decoder(which);
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); ++at) feed(decoder, bytes.substr(at, 1), text);
  decoder.finish(text);
  return text;
}

/// What was read and can be written is read again, and the third time nothing changes any more. A mark in front of UTF-8,
/// that of a text whose first character it is, is for the reader and no longer there then.
void check_there_and_back(std::string_view text, encoding which) {
  hocket::text_encoder encoder(which);
  std::string bytes;
  if (encoder.encode(text, bytes)) return;
  const std::string again = decoded_in_two(bytes, 0, output_encoding(which));
  std::string written;
  std::string_view rest = again;
  require(!encoder.encode(rest, written));
  constexpr std::string_view mark = "\xef\xbb\xbf";
  std::string_view expected = bytes;
  if (output_encoding(which) == encoding::utf_8 && expected.starts_with(mark)) expected.remove_prefix(mark.size());
  require(written == expected || which == encoding::iso_2022_jp);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr auto encodings = static_cast<unsigned>(encoding::x_user_defined) + 1;
  const auto which = static_cast<encoding>(data[0] % encodings);
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::string whole = decoded_in_two(bytes, 0, which);
  require(decoded_in_two(bytes, data[1] % (bytes.size() + 1), which) == whole);
  require(decoded_by_bytes(bytes, which) == whole);
  std::string valid;
  hocket::append_valid_utf8(valid, whole);
  require(valid == whole);
  check_there_and_back(whole, which);

  const auto memory = std::make_unique<char[]>(bytes.size());
  std::ranges::copy(bytes, memory.get());
  const auto found = hocket::detect_encoding({memory.get(), bytes.size()}, "");
  require(found == hocket::detect_encoding(bytes, ""));
  require(hocket::encoding_for_label(name_of(found.value)) == found.value);
  return 0;
}
