#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/form/urlencoded.hpp>

namespace {

using hocket::http::form_field;
using hocket::http::format_urlencoded;
using hocket::http::parse_urlencoded;
using hocket::http::urlencoded_error;
using fields = std::vector<form_field>;

TEST(urlencoded, is_read_in_order) {
  EXPECT_EQ(parse_urlencoded("a=1&b=two+words&a=%33&%26=%3D"),
            (fields{{"a", "1"}, {"b", "two words"}, {"a", "3"}, {"&", "="}}));
}

TEST(urlencoded, is_never_malformed) {
  EXPECT_EQ(parse_urlencoded(""), fields{});
  EXPECT_EQ(parse_urlencoded("&&a&=&=b&c=&d==e&"), (fields{{"a", ""}, {"", ""}, {"", "b"}, {"c", ""}, {"d", "=e"}}));
  EXPECT_EQ(parse_urlencoded("a=%&b=%4&c=%zz&d=%00"),
            (fields{{"a", "%"}, {"b", "%4"}, {"c", "%zz"}, {"d", std::string(1, '\0')}}));
  EXPECT_EQ(parse_urlencoded("a=%2B+%2520"), (fields{{"a", "+ %20"}}));
}

TEST(urlencoded, has_limits) {
  EXPECT_EQ(parse_urlencoded("a&&b", {.fields = 2}), (fields{{"a", ""}, {"b", ""}}));
  EXPECT_EQ(parse_urlencoded("a&b&c", {.fields = 2}), std::unexpected(urlencoded_error::too_many_fields));
  EXPECT_EQ(parse_urlencoded("abc", {.size_bytes = 2}), std::unexpected(urlencoded_error::too_large));
}

TEST(urlencoded, is_written_as_browsers_do_it) {
  EXPECT_EQ(format_urlencoded(fields{{"a b", "*-._~"}, {"\xc3\xa4", "1+1=2&"}, {"", ""}}),
            "a+b=*-._%7E&%C3%A4=1%2B1%3D2%26&=");
  EXPECT_EQ(format_urlencoded({}), "");
}

TEST(urlencoded, of_every_byte_is_read_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const fields written{{all, all}, {"", all}};
  EXPECT_EQ(parse_urlencoded(format_urlencoded(written)), written);
}

}  // namespace
