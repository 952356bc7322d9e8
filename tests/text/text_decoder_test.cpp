#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/text/text_decoder.hpp>

namespace {

using hocket::decode;
using hocket::encoding;
using hocket::text_decoder;

using namespace std::string_literals;

const std::string replaced = "\xef\xbf\xbd";

std::string decoded(std::string_view bytes, encoding which) {
  text_decoder decoder(which);
  std::string text;
  decoder.decode(bytes, text);
  decoder.finish(text);
  return text;
}

TEST(text_decoder, reads_single_bytes) {
  EXPECT_EQ(decoded("\xcf\xf0\xe8\xe2\xe5\xf2", encoding::windows_1251), "Привет");
  EXPECT_EQ(decoded("\x80\x81\x9f", encoding::windows_1252), "€\u0081Ÿ");
  EXPECT_EQ(decoded("\xe6\xf1", encoding::iso_8859_2), "ćń");
  EXPECT_EQ(decoded("\xaa", encoding::windows_1253), replaced);
  EXPECT_EQ(decoded("a\x80\xff", encoding::x_user_defined), "a\uf780\uf7ff");
}

TEST(text_decoder, reads_several_bytes) {
  EXPECT_EQ(decoded("\x93\xfa\x96\x7b\xb1", encoding::shift_jis), "日本ｱ");
  EXPECT_EQ(decoded("\xc6\xfc\xcb\xdc\x8e\xb1\x8f\xb0\xa1", encoding::euc_jp), "日本ｱ丂");
  EXPECT_EQ(decoded("\x1b$BF|K\\\x1b(Ba", encoding::iso_2022_jp), "日本a");
  EXPECT_EQ(decoded("\xd6\xd0\x80", encoding::gbk), "中€");
  EXPECT_EQ(decoded("\xd6\xd0\x81\x30\x81\x30\x90\x30\x81\x30", encoding::gb18030), "中\u0080\U00010000");
  EXPECT_EQ(decoded("\xb1\x64\x88\x62", encoding::big5), "康\u00ca\u0304");
  EXPECT_EQ(decoded("\xc7\xd1\xb1\xdb\x81\x41", encoding::euc_kr), "한글갂");
}

TEST(text_decoder, reads_utf_16_either_way) {
  EXPECT_EQ(decoded("a\0\xac\x20\x3d\xd8\x00\xde"s, encoding::utf_16le), "a€😀");
  EXPECT_EQ(decoded("\0a\x20\xac\xd8\x3d\xde\x00"s, encoding::utf_16be), "a€😀");
  EXPECT_EQ(decoded("\x3d\xd8"s + "a\0"s, encoding::utf_16le), replaced + "a");
  EXPECT_EQ(decoded("\x00\xde"s + "a\0"s, encoding::utf_16le), replaced + "a");
  EXPECT_EQ(decoded("a\0\x3d\xd8\x00"s, encoding::utf_16le), "a" + replaced);
}

TEST(text_decoder, never_swallows_ascii_behind_a_broken_character) {
  for (const auto which : {encoding::gbk, encoding::gb18030, encoding::big5, encoding::euc_kr, encoding::euc_jp})
    EXPECT_EQ(decoded("\xb1<a>", which), replaced + "<a>") << name_of(which);
  EXPECT_EQ(decoded("\x81\"", encoding::shift_jis), replaced + "\"");
  EXPECT_EQ(decoded("\x81\x30<", encoding::gb18030), replaced + "0<");
  EXPECT_EQ(decoded("\x8f\xb0<", encoding::euc_jp), replaced + "<");
  EXPECT_EQ(decoded("\xe2\x82<", encoding::utf_8), replaced + "<");
}

TEST(text_decoder, replaces_what_ends_within_a_character) {
  EXPECT_EQ(decoded("a\x81", encoding::shift_jis), "a" + replaced);
  EXPECT_EQ(decoded("a\x81\x30\x81", encoding::gb18030), "a" + replaced);
  EXPECT_EQ(decoded("a\xe2\x82", encoding::utf_8), "a" + replaced);
  EXPECT_EQ(decoded("\x1b$", encoding::iso_2022_jp), replaced + "$");
}

TEST(text_decoder, takes_two_escape_sequences_in_a_row_for_an_error) {
  EXPECT_EQ(decoded("\x1b$B\x1b(Ba", encoding::iso_2022_jp), replaced + "a");
  EXPECT_EQ(decoded("\x1b(Ba\x1b(J\\", encoding::iso_2022_jp), "a¥");
  EXPECT_EQ(decoded("\x1b$BF\x1b(Ba", encoding::iso_2022_jp), replaced + "a");
}

TEST(text_decoder, stands_for_one_replacement_where_decoding_is_dangerous) {
  EXPECT_EQ(decoded("~{<:~}", encoding::replacement), replaced);
  EXPECT_EQ(decoded("", encoding::replacement), "");
}

TEST(text_decoder, drops_its_own_byte_order_mark_at_the_start_only) {
  EXPECT_EQ(decoded("\xef\xbb\xbf"
                    "a\xef\xbb\xbf",
                    encoding::utf_8),
            "a\ufeff");
  EXPECT_EQ(decoded("\xff\xfe"
                    "a\0"s,
                    encoding::utf_16le),
            "a");
  EXPECT_EQ(decoded("\xfe\xff\xfe\xff", encoding::utf_16be), "\ufeff");
  EXPECT_EQ(decoded("\x84\x31\x95\x33", encoding::gb18030), "\ufeff");
}

TEST(text_decoder, is_as_new_when_it_has_finished) {
  text_decoder decoder(encoding::iso_2022_jp);
  std::string text;
  decoder.decode("\x1b$BF", text);
  decoder.finish(text);
  decoder.decode("ab", text);
  decoder.finish(text);
  EXPECT_EQ(text, replaced + "ab");
}

std::string in_pieces(std::string_view bytes, std::size_t first, std::size_t second, encoding which) {
  text_decoder decoder(which);
  std::string text;
  decoder.decode(bytes.substr(0, first), text);
  decoder.decode(bytes.substr(first, second - first), text);
  decoder.decode(bytes.substr(second), text);
  decoder.finish(text);
  return text;
}

TEST(text_decoder, gives_the_same_however_its_bytes_are_cut) {
  const std::string odd =
      "\xef\xbb\xbfz\x81\x30\x81\x30\x93\xfa\x1b$BF|\x1b("
      "B\x8f\xb0\xa1\x8e\xb1\x88\x62\xe2\x82\xac\xf0\x9f\x98\x80\xff\x81"
      "\0\xd8\0\xd8\0\xdc\x1b(\x1b$"s;
  for (int each = 0; each <= static_cast<int>(encoding::x_user_defined); ++each) {
    const auto which = static_cast<encoding>(each);
    const std::string whole = decoded(odd, which);
    for (std::size_t first = 0; first <= odd.size(); ++first) {
      for (std::size_t second = first; second <= odd.size(); ++second)
        ASSERT_EQ(in_pieces(odd, first, second, which), whole)
            << name_of(which) << " cut at " << first << ", " << second;
    }
  }
}

TEST(decode, believes_a_byte_order_mark_more_than_its_caller) {
  EXPECT_EQ(decode("\xff\xfe"
                   "a\0"s,
                   encoding::windows_1252),
            "a");
  EXPECT_EQ(decode("\xef\xbb\xbf\xc3\xa4", encoding::shift_jis), "ä");
  EXPECT_EQ(decode("\xe4", encoding::windows_1252), "ä");
}

TEST(text_decoder, counts_the_errors_and_no_replacement_character_that_was_meant) {
  const auto errors = [](std::string_view bytes, encoding which) {
    text_decoder decoder(which);
    std::string text;
    for (const char byte : bytes) decoder.decode({&byte, 1}, text);
    decoder.finish(text);
    return decoder.errors();
  };
  EXPECT_EQ(errors(replaced + "a", encoding::utf_8), 0U);
  EXPECT_EQ(errors("\xfd\xff"s, encoding::utf_16le), 0U);
  EXPECT_EQ(errors("a\xff\xe2\x82", encoding::utf_8), 2U);
  EXPECT_EQ(errors("a\0\x3d\xd8"s, encoding::utf_16le), 1U);
  EXPECT_EQ(errors("\x93\xfa\x96", encoding::shift_jis), 1U);
  EXPECT_EQ(errors("\x1b(B\x1b(Ba", encoding::iso_2022_jp), 1U);
  EXPECT_EQ(errors("\xaa", encoding::windows_1253), 1U);
  EXPECT_EQ(errors("abc", encoding::replacement), 1U);
}

}  // namespace
