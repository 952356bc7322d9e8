#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/text/text_encoder.hpp>

namespace {

using hocket::encoding;
using hocket::text_encoder;

/// The bytes, with "[U+n]" in decimal for what the encoding has not.
std::string encoded(std::string_view text, encoding which) {
  text_encoder encoder(which);
  std::string bytes;
  while (const auto missing = encoder.encode(text, bytes))
    bytes += "[U+" + std::to_string(static_cast<unsigned>(*missing)) + "]";
  return bytes;
}

TEST(text_encoder, writes_each_encoding) {
  EXPECT_EQ(encoded("Привет", encoding::windows_1251), "\xcf\xf0\xe8\xe2\xe5\xf2");
  EXPECT_EQ(encoded("日本ｱ", encoding::shift_jis), "\x93\xfa\x96\x7b\xb1");
  EXPECT_EQ(encoded("日本ｱ", encoding::euc_jp), "\xc6\xfc\xcb\xdc\x8e\xb1");
  EXPECT_EQ(encoded("中€", encoding::gbk), "\xd6\xd0\x80");
  EXPECT_EQ(encoded("中€\u0080😀", encoding::gb18030), "\xd6\xd0\xa2\xe3\x81\x30\x81\x30\x94\x39\xfc\x36");
  EXPECT_EQ(encoded("康", encoding::big5), "\xb1\x64");
  EXPECT_EQ(encoded("한글", encoding::euc_kr), "\xc7\xd1\xb1\xdb");
  EXPECT_EQ(encoded("ä€", encoding::utf_8), "ä€");
}

TEST(text_encoder, names_what_the_encoding_has_not) {
  EXPECT_EQ(encoded("aжb€", encoding::windows_1252), "a[U+1078]b\x80");
  EXPECT_EQ(encoded("\ue5e5", encoding::gb18030), "[U+58853]");
  EXPECT_EQ(encoded("😀", encoding::gbk), "[U+128512]");
  EXPECT_EQ(encoded("a\xff", encoding::koi8_r), "a[U+65533]");
}

TEST(text_encoder, writes_utf_8_for_what_is_read_only) {
  EXPECT_EQ(encoded("ä", encoding::utf_16le), "ä");
  EXPECT_EQ(encoded("ä", encoding::replacement), "ä");
}

TEST(text_encoder, comes_back_to_ascii_in_iso_2022_jp) {
  EXPECT_EQ(encoded("日本a", encoding::iso_2022_jp), "\x1b$BF|K\\\x1b(Ba");
  EXPECT_EQ(encoded("日", encoding::iso_2022_jp), "\x1b$BF|\x1b(B");
  EXPECT_EQ(encoded("¥a\\", encoding::iso_2022_jp), "\x1b(J\\a\x1b(B\\");
  EXPECT_EQ(encoded("日😀本", encoding::iso_2022_jp), "\x1b$BF|\x1b(B[U+128512]\x1b$BK\\\x1b(B");
  EXPECT_EQ(encoded("ｱ", encoding::iso_2022_jp), "\x1b$B%\"\x1b(B");
  EXPECT_EQ(encoded("a\x1b", encoding::iso_2022_jp), "a[U+65533]");
}

}  // namespace
