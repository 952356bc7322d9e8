#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/range/byte_range.hpp>

namespace {

using hocket::http::byte_range;
using hocket::http::content_range;
using hocket::http::format_content_range;
using hocket::http::parse_content_range;
using hocket::http::parse_range;
using hocket::http::range_failure;
using ranges = std::vector<byte_range>;

constexpr auto ignored = std::unexpected(range_failure::ignored);
constexpr auto unsatisfiable = std::unexpected(range_failure::unsatisfiable);

TEST(byte_range, of_the_standards_examples) {
  EXPECT_EQ(parse_range("bytes=0-499", 10'000), (ranges{{0, 500}}));
  EXPECT_EQ(parse_range("bytes=500-999", 10'000), (ranges{{500, 500}}));
  EXPECT_EQ(parse_range("bytes=-500", 10'000), (ranges{{9500, 500}}));
  EXPECT_EQ(parse_range("bytes=9500-", 10'000), (ranges{{9500, 500}}));
  EXPECT_EQ(parse_range("bytes=0-0,-1", 10'000), (ranges{{0, 1}, {9999, 1}}));
  EXPECT_EQ(parse_range("bytes= 0-999, 4500-5499, -1000", 10'000), (ranges{{0, 1000}, {4500, 1000}, {9000, 1000}}));
  EXPECT_EQ(parse_range("bytes=500-600,601-999", 10'000), (ranges{{500, 500}}));
  EXPECT_EQ(parse_range("bytes=500-700,601-999", 10'000), (ranges{{500, 500}}));
}

TEST(byte_range, ends_where_the_content_does) {
  EXPECT_EQ(parse_range("bytes=5-100", 10), (ranges{{5, 5}}));
  EXPECT_EQ(parse_range("bytes=-100", 10), (ranges{{0, 10}}));
  EXPECT_EQ(parse_range("bytes=0-", 10), (ranges{{0, 10}}));
  EXPECT_EQ(parse_range("bytes=9-99999999999999999999999", 10), (ranges{{9, 1}}));
  EXPECT_EQ(parse_range("bytes=-99999999999999999999999", 10), (ranges{{0, 10}}));
}

TEST(byte_range, beyond_the_end_is_left_out) {
  EXPECT_EQ(parse_range("bytes=100-200,5-5", 10), (ranges{{5, 1}}));
  EXPECT_EQ(parse_range("bytes=10-", 10), unsatisfiable);
  EXPECT_EQ(parse_range("bytes=10-20,30-40,-0", 10), unsatisfiable);
  EXPECT_EQ(parse_range("bytes=0-", 0), unsatisfiable);
  EXPECT_EQ(parse_range("bytes=-1", 0), unsatisfiable);
  EXPECT_EQ(parse_range("bytes=99999999999999999999999-", 10), unsatisfiable);
}

TEST(byte_range, that_is_malformed_is_ignored) {
  for (const std::string field : {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,x",
                                  "bytes=1", "bytes=0-1 2-3", "bytes 0-1", "lines=0-1", "bytes =0-1", "bytes=0 - 1",
                                  "bytes=--1", "bytes=0-1,5-4", "bytes=+0-1", "bytes=0x0-0x1"}) {
    EXPECT_EQ(parse_range(field, 10), ignored) << field;
  }
}

TEST(byte_range, near_another_becomes_one_with_it) {
  EXPECT_EQ(parse_range("bytes=0-9,90-99", 1000), (ranges{{0, 100}}));
  EXPECT_EQ(parse_range("bytes=0-9,91-99", 1000), (ranges{{0, 10}, {91, 9}}));
  EXPECT_EQ(parse_range("bytes=0-9,10-19,15-16", 1000, {.gap_bytes = 0}), (ranges{{0, 20}}));
  EXPECT_EQ(parse_range("bytes=500-600,0-9,601-700,300-310", 1000), (ranges{{500, 201}, {0, 10}, {300, 11}}));
}

TEST(byte_range, is_one_of_not_too_many) {
  std::string many = "bytes=0-0";
  for (int n = 1; n < 100; ++n) many += ",0-";
  EXPECT_EQ(parse_range(many, 1000), (ranges{{0, 1000}}));
  EXPECT_EQ(parse_range(many + ",0-", 1000), ignored);
}

TEST(content_range, is_read_and_written) {
  for (const std::string field : {"bytes 0-499/1234", "bytes 0-499/*", "bytes */1234", "bytes 733-733/734"}) {
    const auto range = parse_content_range(field);
    ASSERT_TRUE(range) << field;
    EXPECT_EQ(format_content_range(*range), field);
  }
  EXPECT_EQ(parse_content_range(" Bytes 0-499/1234 "), (content_range{byte_range{0, 500}, 1234}));
}

TEST(content_range, that_is_malformed_is_refused) {
  for (const std::string field : {"", "bytes", "bytes 0-499", "bytes */*", "bytes 5-4/10", "bytes 0-10/10",
                                  "bytes=0-1/2", "lines 0-1/2", "bytes 0-1/2x", "bytes -1/2", "bytes 0-/2",
                                  "bytes 0-18446744073709551615/*", "bytes */18446744073709551616", "bytes 0-0/0"}) {
    EXPECT_EQ(parse_content_range(field), std::nullopt) << field;
  }
}

}  // namespace
