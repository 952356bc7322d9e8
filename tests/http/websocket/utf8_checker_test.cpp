// Every way in which bytes are no UTF-8, cut in every place.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/websocket/detail/utf8_checker.hpp>

using hocket::http::detail::is_utf8;
using hocket::http::detail::utf8_checker;

namespace {

const std::vector<std::string_view> valid{
    "",
    "Hello",
    "exactly 16 bytes",
    "more than sixteen bytes of ASCII, and so on",
    "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
    std::string_view("\0", 1),
    "\x7F",
    "\xC2\x80",
    "\xDF\xBF",
    "\xE0\xA0\x80",
    "\xED\x9F\xBF",
    "\xEE\x80\x80",
    "\xEF\xBF\xBF",
    "\xEF\xBF\xBE",
    "\xF0\x90\x80\x80",
    "\xF4\x8F\xBF\xBF",
    "in front \xF0\x9F\x98\x80 and behind",
};

const std::vector<std::string_view> invalid{
    "\x80",  // a continuation without a beginning
    "\xBF",
    "\xC0\xAF",  // overlong
    "\xC1\xBF",
    "\xE0\x80\xAF",
    "\xE0\x9F\xBF",
    "\xF0\x80\x80\xAF",
    "\xF0\x8F\xBF\xBF",
    "\xED\xA0\x80",  // surrogates
    "\xED\xBF\xBF",
    "\xED\xA0\x80\xED\xB0\x80",
    "\xF4\x90\x80\x80",  // beyond U+10FFFF
    "\xF5\x80\x80\x80",
    "\xF8\x88\x80\x80\x80",
    "\xFC\x84\x80\x80\x80\x80",
    "\xFE",
    "\xFF",
    "\xC3(",  // a character that breaks off
    "\xE2\x82(",
    "\xE2(\xA1",
    "\xF0\x9F\x98(",
    "\xF0(\x8C\xBC",
    "ASCII in front of it \xCE\xBA\xE1\xBD\xB9\xCF\x83\xED\xA0\x80 and behind",
    "12345678\x80",
};

const std::vector<std::string_view> cut_off{"\xC3",     "\xE2\x82", "\xE2",        "\xF0\x9F\x98",
                                            "\xF0\x9F", "\xF0",     "12345678\xC3"};

TEST(utf8_checker, takes_what_is_utf_8) {
  for (const auto text : valid) EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(utf8_checker, refuses_what_is_none) {
  for (const auto text : invalid) EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
}

TEST(utf8_checker, waits_for_the_rest_of_a_character) {
  for (const auto text : cut_off) {
    utf8_checker checker;
    EXPECT_TRUE(checker.add(text)) << testing::PrintToString(text);
    EXPECT_FALSE(checker.is_whole()) << testing::PrintToString(text);
  }
}

TEST(utf8_checker, finds_the_same_however_the_bytes_are_cut) {
  const auto in_pieces = [](std::string_view text, std::size_t first, std::size_t second) {
    utf8_checker checker;
    return checker.add(text.substr(0, first)) && checker.add(text.substr(first, second - first)) &&
           checker.add(text.substr(second)) && checker.is_whole();
  };
  for (const auto* all : {&valid, &invalid, &cut_off})
    for (const auto text : *all)
      for (std::size_t first = 0; first <= text.size(); ++first)
        for (std::size_t second = first; second <= text.size(); ++second)
          EXPECT_EQ(in_pieces(text, first, second), is_utf8(text)) << testing::PrintToString(text);
}

TEST(utf8_checker, finds_the_same_wherever_it_stands) {
  for (const std::string_view around : {"a", "κ", "語", "😀"}) {
    for (std::string in_front; in_front.size() < 80; in_front += around) {
      for (std::string behind; behind.size() < 40; behind += "-") {
        const auto amid = [&](std::string_view text) { return is_utf8(in_front + std::string(text) + behind); };
        for (const auto text : valid) ASSERT_TRUE(amid(text)) << in_front << testing::PrintToString(text) << behind;
        for (const auto* all : {&invalid, &cut_off})
          for (const auto text : *all) ASSERT_FALSE(amid(text)) << in_front << testing::PrintToString(text) << behind;
      }
    }
  }
}

TEST(utf8_checker, finds_the_same_in_long_pieces_of_all_sizes) {
  std::string text;
  while (text.size() < 400)
    text += "ASCII that is longer than a block, κόσμε, 語語語語語語語語語語語語語 😀😀😀😀😀😀😀😀😀😀 ";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    utf8_checker checker;
    for (std::size_t at = 0; at < text.size(); at += size)
      ASSERT_TRUE(checker.add(std::string_view(text).substr(at, size))) << "pieces of " << size;
    EXPECT_TRUE(checker.is_whole());
  }
}

TEST(utf8_checker, refuses_at_the_first_byte_that_cannot_be) {
  utf8_checker checker;
  EXPECT_TRUE(checker.add("\xCE\xBA\xE1\xBD\xB9\xED"));
  EXPECT_FALSE(checker.add("\xA0"));
}

TEST(utf8_checker, takes_exactly_the_characters_that_there_are) {
  for (unsigned code = 0; code <= 0x11FFFF; ++code) {
    std::string text;
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      text += static_cast<char>(0xE0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | code >> 18);
      text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
    const bool exists = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (is_utf8(text) != exists) ADD_FAILURE() << code;
  }
}

}  // namespace
