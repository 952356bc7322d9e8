#include <string>

#include <gtest/gtest.h>

#include <hocket/base/json_string.hpp>

using hocket::append_json_string;

TEST(append_json_string, escapes_quotes_and_backslashes_and_controls) {
  std::string text;
  for (const std::string_view each : {"", "plain", "\"tag\"", R"(W/"a\\b")", "\"", "a\nb\"", "\x7f"})
    append_json_string(text, each);
  EXPECT_EQ(text, R"("""plain""\"tag\"""W/\"a\\\\b\"""\"""a\nb\"")"
                  "\"\x7f\"");
}

TEST(append_json_string, replaces_what_is_not_utf_8) {
  std::string text;
  append_json_string(text, "a\xff\xc3\xa4");
  EXPECT_EQ(text, "\"a\xef\xbf\xbd\xc3\xa4\"");
}

TEST(append_json_string, writes_other_controls_by_number_and_other_characters_as_they_are) {
  std::string text;
  append_json_string(text, std::string_view("\x01\b\t\v\f\r\x1f\0ä€😀", 17));
  EXPECT_EQ(text, R"("\u0001\b\t\u000b\f\r\u001f\u0000ä€😀")");
}
