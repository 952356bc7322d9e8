#include <ctime>
#include <string>

#include <gtest/gtest.h>

#include <hocket/http/date.hpp>

namespace {

using namespace std::chrono;
using hocket::http::format_date;
using hocket::http::parse_date;

constexpr sys_seconds example{seconds{784'111'777}};  // RFC 9110's: 6 November 1994, 08:49:37
constexpr sys_seconds this_time = sys_days{year{2025} / January / 1} + hours{12};

TEST(http_date, is_written_in_the_fixed_format) { EXPECT_EQ(format_date(example), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(http_date, before_the_epoch_is_written_too) {
  EXPECT_EQ(format_date(sys_seconds{seconds{-1}}), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(http_date, beyond_four_digits_of_the_year_becomes_the_nearest_that_can_be_written) {
  EXPECT_EQ(format_date(sys_seconds::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(sys_seconds::min()), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(http_date, is_read_in_all_three_formats) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", this_time), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", this_time), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", this_time), example);
}

TEST(http_date, of_asctime_may_have_a_day_of_two_digits) {
  EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994", this_time), example + days{10});
}

TEST(http_date, written_is_read_back_over_four_centuries) {
  for (auto time = sys_seconds{sys_days{year{1800} / January / 1}}; time < sys_days{year{2200} / January / 1};
       time += days{1} + seconds{4567}) {
    ASSERT_EQ(parse_date(format_date(time), this_time), time) << format_date(time);
  }
}

TEST(http_date, agrees_with_the_c_library) {
  for (std::time_t time = -4'000'000'000; time < 8'000'000'000; time += 7'654'321) {
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(format_date(sys_seconds{seconds{time}}), text);
  }
}

TEST(http_date, with_two_digits_of_the_year_lies_at_most_fifty_years_ahead) {
  EXPECT_EQ(parse_date("Tuesday, 01-Jan-75 00:00:00 GMT", this_time), sys_days{year{2075} / January / 1});
  EXPECT_EQ(parse_date("Wednesday, 01-Jan-76 00:00:00 GMT", this_time), sys_days{year{1976} / January / 1});
}

TEST(http_date, may_have_a_leap_second) {
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT", this_time), sys_days{year{2017} / January / 1});
}

TEST(http_date, knows_leap_days) {
  EXPECT_TRUE(parse_date("Thu, 29 Feb 2024 00:00:00 GMT", this_time));
  EXPECT_FALSE(parse_date("Wed, 29 Feb 2023 00:00:00 GMT", this_time));
}

TEST(http_date, that_no_clock_or_calendar_shows_is_refused) {
  for (const std::string text :
       {"Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT"}) {
    EXPECT_FALSE(parse_date(text, this_time)) << text;
  }
}

TEST(http_date, in_any_other_spelling_is_refused) {
  for (const std::string text :
       {"", "Sun", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z", "784111777", "0"}) {
    EXPECT_FALSE(parse_date(text, this_time)) << text;
  }
}

TEST(http_date, cut_short_anywhere_is_refused) {
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(parse_date(text.substr(0, size), this_time)) << text.substr(0, size);
    }
  }
}

}  // namespace
