#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/url/percent_encoding.hpp>

namespace {

using hocket::percent_decode;
using hocket::percent_encode_path;

TEST(percent_decode, takes_upper_and_lower_case_digits) { EXPECT_EQ(percent_decode("%2f%2F%c3%BC"), "//\xc3\xbc"); }

TEST(percent_decode, leaves_a_percent_sign_without_two_digits) {
  EXPECT_EQ(percent_decode("100%,%4,%zz%"), "100%,%4,%zz%");
}

TEST(percent_decode, does_not_read_beyond_its_text) { EXPECT_EQ(percent_decode(std::string_view("%41", 2)), "%4"); }

TEST(percent_decode, does_not_decode_twice) { EXPECT_EQ(percent_decode("%2541"), "%41"); }

TEST(percent_decode, may_give_a_nul) { EXPECT_EQ(percent_decode("a%00b"), std::string("a\0b", 3)); }

TEST(percent_encode_path, keeps_slashes_and_plain_names) {
  EXPECT_EQ(percent_encode_path("docs/sql-select_1.html"), "docs/sql-select_1.html");
}

TEST(percent_encode_path, encodes_what_would_end_a_path_or_begin_a_scheme) {
  EXPECT_EQ(percent_encode_path("a:b?c#d e\\f"), "a%3Ab%3Fc%23d%20e%5Cf");
}

TEST(percent_encode_path, is_undone_by_decoding_for_every_byte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decode(percent_encode_path(bytes)), bytes);
}

}  // namespace
