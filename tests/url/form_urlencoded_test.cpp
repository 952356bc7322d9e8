#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/url/form_urlencoded.hpp>

namespace {

using hocket::form_field;
using hocket::form_text;
using hocket::form_urlencoded_error;
using hocket::parse_form_urlencoded;
using hocket::serialize_form_urlencoded;

using fields = std::vector<form_field>;

TEST(form_urlencoded, reads_fields_in_their_order) {
  EXPECT_EQ(parse_form_urlencoded("b=2&a=1&b=3"), (fields{{"b", "2"}, {"a", "1"}, {"b", "3"}}));
}

TEST(form_urlencoded, reads_blanks_and_encoded_bytes) {
  EXPECT_EQ(parse_form_urlencoded("a+b=%C3%BC%2b+%zz"), (fields{{"a b", "\xc3\xbc+ %zz"}}));
  EXPECT_EQ(parse_form_urlencoded("%26=%3D+%2520&%00"), (fields{{"&", "= %20"}, {std::string(1, '\0'), ""}}));
}

TEST(form_urlencoded, reads_a_part_without_a_sign_as_a_name) {
  EXPECT_EQ(parse_form_urlencoded("&&a&=b&c=&=&d=e=f&"),
            (fields{{"a", ""}, {"", "b"}, {"c", ""}, {"", ""}, {"d", "e=f"}}));
  EXPECT_EQ(parse_form_urlencoded(""), fields{});
}

TEST(form_urlencoded, takes_a_sign_that_stands_for_nothing_as_itself) {
  EXPECT_EQ(parse_form_urlencoded("a=%&b=%4&c=%zz"), (fields{{"a", "%"}, {"b", "%4"}, {"c", "%zz"}}));
}

TEST(form_urlencoded, replaces_what_is_not_utf_8) {
  EXPECT_EQ(parse_form_urlencoded("a=%FFb%E2%82"), (fields{{"a",
                                                            "\xef\xbf\xbd"
                                                            "b\xef\xbf\xbd"}}));
}

TEST(form_urlencoded, leaves_bytes_alone_if_asked) {
  EXPECT_EQ(parse_form_urlencoded("%80=%FFb%E2%82\xfe", {.text = form_text::bytes}), (fields{{"\x80",
                                                                                              "\xff"
                                                                                              "b\xe2\x82\xfe"}}));
}

TEST(form_urlencoded, has_limits) {
  EXPECT_EQ(parse_form_urlencoded("a&&b", {.fields = 2}), (fields{{"a", ""}, {"b", ""}}));
  EXPECT_EQ(parse_form_urlencoded("a&b&c", {.fields = 2}), std::unexpected(form_urlencoded_error::too_many_fields));
  EXPECT_EQ(parse_form_urlencoded("ab", {.size_bytes = 2}), (fields{{"ab", ""}}));
  EXPECT_EQ(parse_form_urlencoded("abc", {.size_bytes = 2}), std::unexpected(form_urlencoded_error::too_large));
}

TEST(form_urlencoded, writes_as_browsers_do) {
  EXPECT_EQ(serialize_form_urlencoded(fields{{"a b", "c&d=e"}, {"\xc3\xa4", "1+1"}, {"", "~!'()*-._"}}),
            "a+b=c%26d%3De&%C3%A4=1%2B1&=%7E%21%27%28%29*-._");
  EXPECT_EQ(serialize_form_urlencoded({}), "");
}

TEST(form_urlencoded, reads_what_it_writes) {
  std::string text;
  for (char byte = 0; byte < 127; ++byte) text.push_back(byte);
  text += "\xc3\xbc\xf0\x9f\x98\x80";
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  const fields of_text{{text, text}, {"x", ""}};
  const fields of_bytes{{bytes, bytes}, {"", bytes}};
  EXPECT_EQ(parse_form_urlencoded(serialize_form_urlencoded(of_text)), of_text);
  EXPECT_EQ(parse_form_urlencoded(serialize_form_urlencoded(of_bytes), {.text = form_text::bytes}), of_bytes);
}

}  // namespace
