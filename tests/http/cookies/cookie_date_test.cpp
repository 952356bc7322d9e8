#include <string>

#include <gtest/gtest.h>

#include <hocket/http/cookies/cookie_date.hpp>
#include <hocket/http/date.hpp>

namespace {

using hocket::http::format_date;
using hocket::http::parse_cookie_date;

std::string read(std::string_view text) {
  const auto date = parse_cookie_date(text);
  return date ? format_date(*date) : "none";
}

TEST(cookie_date, is_read_in_the_formats_of_http) {
  EXPECT_EQ(read("Sun, 06 Nov 1994 08:49:37 GMT"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(read("Sunday, 06-Nov-94 08:49:37 GMT"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(read("Sun Nov  6 08:49:37 1994"), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(cookie_date, is_read_in_any_order_between_anything) {
  // 1994 comes first, but is no day, so that it is the year.
  EXPECT_EQ(read("1994 8:49:37x NOVEMBER 6th"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(read("6 1994 8:9:7 novel"), "Sun, 06 Nov 1994 08:09:07 GMT");
  EXPECT_EQ(read("08:49:37 nov 6 94 2001 12:00:00"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(read("Wed, 09;Jun/2021@10:18:14 [GMT]"), "Wed, 09 Jun 2021 10:18:14 GMT");
}

TEST(cookie_date, has_its_century_by_the_two_digits) {
  EXPECT_EQ(read("01 Jan 70 00:00:00"), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(read("01 Jan 69 00:00:00"), "Tue, 01 Jan 2069 00:00:00 GMT");
  EXPECT_EQ(read("01 Jan 1601 00:00:00"), "Mon, 01 Jan 1601 00:00:00 GMT");
  EXPECT_EQ(read("31 Dec 9999 23:59:59"), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(cookie_date, that_is_none_is_refused) {
  for (const std::string text :
       {"", "0", "Thu, 01 Jan 1970", "01 Jan 00:00:00", "Jan 1970 00:00:00", "01 1970 00:00:00", "01 Jan 1600 00:00:00",
        "00 Jan 1970 00:00:00", "32 Jan 1970 00:00:00", "30 Feb 2000 00:00:00", "29 Feb 1900 00:00:00",
        "01 Jan 1970 24:00:00", "01 Jan 1970 00:60:00", "01 Jan 1970 00:00:60", "01 Jan 1970 000:00:00",
        "01 Jan 1970 00:00", "01 Jan 19700 00:00:00", "01 Jan 197 00:00:00", "001 Jan 1970 00:00:00"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

}  // namespace
