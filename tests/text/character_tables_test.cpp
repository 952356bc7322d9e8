// All characters of all encodings, against the standard's tables (index-*.txt), of which a hash stands here: FNV-1a of the
// code points in the order of the pointers, 0 where there is none.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/base/utf8.hpp>
#include <hocket/text/text_decoder.hpp>
#include <hocket/text/text_encoder.hpp>

namespace {

using hocket::encoding;
using hocket::text_decoder;
using hocket::text_encoder;

/// The one character that the bytes stand for; 0 if they stand for none, or for several.
char32_t character_of(text_decoder& decoder, std::string_view bytes) {
  std::string text;
  decoder.decode(bytes, text);
  decoder.finish(text);
  const auto found = hocket::leading_utf8(text);
  return found.size == text.size() && found.value != hocket::replacement_character ? found.value : 0;
}

/// `bytes_of` makes the bytes of a pointer.
template <class BytesOf>
std::uint64_t hash_of(encoding which, std::size_t size, BytesOf bytes_of) {
  text_decoder decoder(which);
  std::uint64_t hash = 14695981039346656037U;
  for (std::size_t pointer = 0; pointer < size; ++pointer)
    hash = (hash ^ character_of(decoder, bytes_of(pointer))) * 1099511628211U;
  return hash;
}

template <class... Values>
std::string bytes(Values... values) {
  return {static_cast<char>(values)...};
}

TEST(character_tables, of_single_bytes_are_the_standard_s) {
  const std::map<encoding, std::uint64_t> expected = {
      {encoding::ibm866, 0xe80a00cc88b882bd},         {encoding::iso_8859_2, 0x1fe35a768abedf4e},
      {encoding::iso_8859_3, 0x053f8078d05a2fe3},     {encoding::iso_8859_4, 0x40f9a75e46c17d41},
      {encoding::iso_8859_5, 0xb1ec712aa17a51c1},     {encoding::iso_8859_6, 0x9fa4b29fc018b45e},
      {encoding::iso_8859_7, 0x605c8e9f267aa3d8},     {encoding::iso_8859_8, 0x857963e18cb51126},
      {encoding::iso_8859_10, 0x586c45b58997516e},    {encoding::iso_8859_13, 0x99c1e41f17f1140c},
      {encoding::iso_8859_14, 0x971da2c2fa530684},    {encoding::iso_8859_15, 0x036b526178784987},
      {encoding::iso_8859_16, 0xcff2a0b6541210eb},    {encoding::koi8_r, 0x90a97fc4a62af069},
      {encoding::koi8_u, 0xf190d101e084a267},         {encoding::macintosh, 0xfcf2f2b735bcffe8},
      {encoding::windows_874, 0xb944c872cf754aa9},    {encoding::windows_1250, 0xa1fa1552c38edf05},
      {encoding::windows_1251, 0x9a872e595f76d19d},   {encoding::windows_1252, 0xd5fd16fdfde3858f},
      {encoding::windows_1253, 0x10de2ccf36a72d90},   {encoding::windows_1254, 0x806540a5f267b8c7},
      {encoding::windows_1255, 0x245fb7d33cbce6b7},   {encoding::windows_1256, 0x9db24ae2cec223e0},
      {encoding::windows_1257, 0xdf55912423682c40},   {encoding::windows_1258, 0x4b8c3bb3bacd42b6},
      {encoding::x_mac_cyrillic, 0x589972545f2f6e02},
  };
  for (const auto& [which, hash] : expected)
    EXPECT_EQ(hash_of(which, 128, [](std::size_t pointer) { return bytes(pointer + 0x80); }), hash) << name_of(which);
}

TEST(character_tables, of_big5_are_the_standard_s) {
  const auto bytes_of = [](std::size_t pointer) {
    const auto trail = pointer % 157;
    return bytes(pointer / 157 + 0x81, trail + (trail < 0x3f ? 0x40 : 0x62));
  };
  EXPECT_EQ(hash_of(encoding::big5, 19782, bytes_of), 0x42e7aa18e5275279U);
}

TEST(character_tables, of_euc_kr_are_the_standard_s) {
  const auto bytes_of = [](std::size_t pointer) { return bytes(pointer / 190 + 0x81, pointer % 190 + 0x41); };
  EXPECT_EQ(hash_of(encoding::euc_kr, 23940, bytes_of), 0x6e57ae5e71bb350aU);
}

// With the characters of 2022.
TEST(character_tables, of_gb18030_are_the_standard_s) {
  const auto two_bytes_of = [](std::size_t pointer) {
    const auto trail = pointer % 190;
    return bytes(pointer / 190 + 0x81, trail + (trail < 0x3f ? 0x40 : 0x41));
  };
  EXPECT_EQ(hash_of(encoding::gb18030, 23940, two_bytes_of), 0xdc3908ae743170f1U);
  EXPECT_EQ(hash_of(encoding::gbk, 23940, two_bytes_of), 0xdc3908ae743170f1U);
  const auto four_bytes_of = [](std::size_t pointer) {
    return bytes(pointer / 12600 + 0x81, pointer / 1260 % 10 + 0x30, pointer / 10 % 126 + 0x81, pointer % 10 + 0x30);
  };
  // U+FFFD is in the table, but cannot be told from an error here.
  EXPECT_EQ(hash_of(encoding::gb18030, 39420, four_bytes_of), 0x1e8ca8764b10186fU);
}

TEST(character_tables, of_shift_jis_are_the_standard_s) {
  const auto bytes_of = [](std::size_t pointer) {
    if (pointer >= 8836 && pointer <= 10715) return std::string();  // private use, by arithmetic
    const auto lead = pointer / 188;
    const auto trail = pointer % 188;
    return bytes(lead + (lead < 0x1f ? 0x81 : 0xc1), trail + (trail < 0x3f ? 0x40 : 0x41));
  };
  EXPECT_EQ(hash_of(encoding::shift_jis, 11280, bytes_of), 0xb9914789e354c8f1U);
}

TEST(character_tables, of_jis_x_0212_are_the_standard_s) {
  const auto bytes_of = [](std::size_t pointer) { return bytes(0x8f, pointer / 94 + 0xa1, pointer % 94 + 0xa1); };
  EXPECT_EQ(hash_of(encoding::euc_jp, 8836, bytes_of), 0x8f51c363d8518bbdU);
}

/// The character as it comes back from the encoding; 0 if the encoding does not have it.
char32_t there_and_back(text_encoder& encoder, text_decoder& decoder, char32_t character) {
  std::string text;
  hocket::append_utf8(text, character);
  std::string written;
  std::string_view rest = text;
  if (encoder.encode(rest, written)) return 0;
  return character_of(decoder, written);
}

/// What the standard itself lets come back as another character.
bool may_change(encoding which, char32_t character) {
  const bool is_japanese = which == encoding::shift_jis || which == encoding::euc_jp || which == encoding::iso_2022_jp;
  if (is_japanese && character == 0x2212) return true;
  if (is_japanese && which != encoding::iso_2022_jp && (character == 0xa5 || character == 0x203e)) return true;
  if (which == encoding::iso_2022_jp) return character >= 0xff61 && character <= 0xff9f;
  const bool is_chinese = which == encoding::gbk || which == encoding::gb18030;
  return is_chinese && ((character >= 0xe78d && character <= 0xe796) || (character >= 0xe81e && character <= 0xe864));
}

TEST(character_tables, are_the_same_there_and_back) {
  const std::map<encoding, int> least = {
      {encoding::big5, 13000},         {encoding::euc_jp, 6900},    {encoding::euc_kr, 17000},
      {encoding::gb18030, 63000},      {encoding::gbk, 21000},      {encoding::iso_2022_jp, 6900},
      {encoding::koi8_u, 256},         {encoding::shift_jis, 6900}, {encoding::windows_1252, 256},
      {encoding::x_user_defined, 256},
  };
  for (const auto& [which, count] : least) {
    text_encoder encoder(which);
    text_decoder decoder(which);
    int found = 0;
    for (char32_t character = 1; character < 0x20000; ++character) {
      if (character >= 0xd800 && character <= 0xdfff) continue;
      const char32_t back = there_and_back(encoder, decoder, character);
      if (back != 0) ++found;
      ASSERT_TRUE(back == 0 || back == character || may_change(which, character))
          << name_of(which) << ": " << static_cast<unsigned>(character) << " becomes " << static_cast<unsigned>(back);
    }
    EXPECT_GE(found, count - 1) << name_of(which);  // U+0000 is left out
  }
}

}  // namespace
