#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/url/form_urlencoded.hpp>

namespace {

using hocket::form_field;
using hocket::parse_form_urlencoded;
using hocket::serialize_form_urlencoded;

using fields = std::vector<form_field>;

TEST(form_urlencoded, reads_fields_in_their_order) {
  EXPECT_EQ(parse_form_urlencoded("b=2&a=1&b=3"), (fields{{"b", "2"}, {"a", "1"}, {"b", "3"}}));
}

TEST(form_urlencoded, reads_blanks_and_encoded_bytes) {
  EXPECT_EQ(parse_form_urlencoded("a+b=%C3%BC%2b+%zz"), (fields{{"a b", "\xc3\xbc+ %zz"}}));
}

TEST(form_urlencoded, reads_a_part_without_a_sign_as_a_name) {
  EXPECT_EQ(parse_form_urlencoded("&&a&=b&c=&=&d=e=f"),
            (fields{{"a", ""}, {"", "b"}, {"c", ""}, {"", ""}, {"d", "e=f"}}));
  EXPECT_TRUE(parse_form_urlencoded("").empty());
}

TEST(form_urlencoded, replaces_what_is_not_utf_8) {
  EXPECT_EQ(parse_form_urlencoded("a=%FFb%E2%82"), (fields{{"a",
                                                            "\xef\xbf\xbd"
                                                            "b\xef\xbf\xbd"}}));
}

TEST(form_urlencoded, writes_what_it_reads) {
  EXPECT_EQ(serialize_form_urlencoded(fields{{"a b", "c&d=e"}, {"", "~!'()*-._"}}),
            "a+b=c%26d%3De&=%7E%21%27%28%29*-._");
  std::string every;
  for (char byte = 0; byte < 127; ++byte) every.push_back(byte);
  every += "\xc3\xbc\xf0\x9f\x98\x80";
  const fields whole{{every, every}, {"x", ""}};
  EXPECT_EQ(parse_form_urlencoded(serialize_form_urlencoded(whole)), whole);
}

}  // namespace
