#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/base/utf8.hpp>

namespace {

using namespace std::string_literals;

std::string valid(std::string_view text) {
  std::string out;
  hocket::append_valid_utf8(out, text);
  return out;
}

const std::string replaced = "\xef\xbf\xbd";

TEST(utf8, keeps_what_is_well_formed) {
  const std::string text = "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\0b"s;
  EXPECT_EQ(valid(text), text);
}

TEST(utf8, replaces_the_longest_start_of_a_character_once) {
  EXPECT_EQ(valid("\xf0\x9f\x98"
                  "a"),
            replaced + "a");
  EXPECT_EQ(valid("\xe2\x82"), replaced);
  EXPECT_EQ(valid("\xe2\xe2\x82\xac"), replaced + "\xe2\x82\xac");
}

TEST(utf8, replaces_each_byte_that_begins_nothing) {
  EXPECT_EQ(valid("\xc0\x80"), replaced + replaced);
  EXPECT_EQ(valid("\xed\xa0\x80"), replaced + replaced + replaced);                 // a surrogate
  EXPECT_EQ(valid("\xf4\x90\x80\x80"), replaced + replaced + replaced + replaced);  // above U+10FFFF
  EXPECT_EQ(valid("\xe0\x9f\xbf"), replaced + replaced + replaced);                 // longer than need be
  EXPECT_EQ(valid("\xff\xf8\x80"), replaced + replaced + replaced);
}

TEST(utf8, says_where_a_text_ends_within_a_character) {
  EXPECT_TRUE(hocket::leading_utf8("\xe2\x82").is_cut);
  EXPECT_FALSE(hocket::leading_utf8("\xe2"
                                    "a")
                   .is_cut);
  EXPECT_FALSE(hocket::leading_utf8("\xff").is_cut);
}

TEST(utf8, writes_every_character_so_that_it_reads_it) {
  for (char32_t character = 0; character <= 0x10ffff; character += character < 0x1000 ? 1 : 251) {
    if (character >= 0xd800 && character <= 0xdfff) continue;
    std::string text;
    hocket::append_utf8(text, character);
    const auto read = hocket::leading_utf8(text);
    ASSERT_TRUE(read.is_valid && read.value == character && read.size == text.size())
        << static_cast<unsigned>(character);
  }
}

TEST(utf8, tells_what_is_well_formed_to_the_last_byte) {
  for (const char* good : {"", "a", "caf\xc3\xa9", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(hocket::is_valid_utf8(good)) << good;
  for (const char* bad : {"\x80", "caf\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98",
                          "a\xff"
                          "b"})
    EXPECT_FALSE(hocket::is_valid_utf8(bad)) << bad;
}

TEST(utf8, counts_the_ascii_bytes_in_front) {
  for (std::size_t size = 0; size < 40; ++size) {
    EXPECT_EQ(hocket::leading_ascii(std::string(size, 'a')), size);
    EXPECT_EQ(hocket::leading_ascii(std::string(size, 'a') + "\xc3" + std::string(20, 'b')), size);
  }
}

}  // namespace
