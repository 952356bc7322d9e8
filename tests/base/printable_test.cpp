#include <gtest/gtest.h>

#include <hocket/base/printable.hpp>

using hocket::printable;

namespace {

TEST(printable, leaves_text_as_it_is) { EXPECT_EQ(printable("http://a/?b=ä€😀 <\"&>"), "http://a/?b=ä€😀 <\"&>"); }

TEST(printable, lets_no_control_character_through) {
  const std::string_view nasty("\x1b\n\r\t\0\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf", 20);
  std::string expected;
  for (int n = 0; n < 11; ++n) expected += "\xef\xbf\xbd";
  EXPECT_EQ(printable(nasty), expected);
}

TEST(printable, is_utf_8_whatever_comes) {
  EXPECT_EQ(printable("a\x9b\xff"
                      "b\xc3"),
            "a\xef\xbf\xbd\xef\xbf\xbd"
            "b\xef\xbf\xbd");
}

}  // namespace
