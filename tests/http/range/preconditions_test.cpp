#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <hocket/http/range/preconditions.hpp>

namespace {

using namespace std::chrono;
using hocket::http::evaluate_preconditions;
using hocket::http::headers;
using hocket::http::parse_retry_after;
using hocket::http::precondition;
using hocket::http::range_counts;
using hocket::http::resource_state;
using enum hocket::http::precondition;

constexpr sys_seconds now = sys_days{2025y / January / 1};
constexpr std::string_view earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view later = "Sun, 06 Nov 1994 08:49:38 GMT";

const resource_state strong{true, {{"a", false}}, sys_seconds{784'111'777s}};
const resource_state weak{true, {{"a", true}}, sys_seconds{784'111'777s}};
const resource_state dated{true, {{"a", false}}, sys_seconds{784'111'777s}, true};
const resource_state missing{false, {}, {}};
const resource_state unknown{true, {}, {}};

precondition get(const headers& fields, const resource_state& state = strong) {
  return evaluate_preconditions("GET", fields, state, now);
}
precondition put(const headers& fields, const resource_state& state = strong) {
  return evaluate_preconditions("PUT", fields, state, now);
}

TEST(preconditions, are_met_where_there_are_none) {
  EXPECT_EQ(get({}), met);
  EXPECT_EQ(put({}, missing), met);
}

TEST(if_match, needs_the_very_same) {
  EXPECT_EQ(put({{"If-Match", "\"b\", \"a\""}}), met);
  EXPECT_EQ(put({{"If-Match", "\"b\""}, {"if-match", "\"a\""}}), met);
  EXPECT_EQ(put({{"If-Match", "\"b\""}}), failed);
  EXPECT_EQ(put({{"If-Match", "\"a\""}}, weak), failed);
  EXPECT_EQ(put({{"If-Match", "W/\"a\""}}), failed);
  EXPECT_EQ(get({{"If-Match", "\"b\""}}), failed);
  EXPECT_EQ(put({{"If-Match", "a"}}), failed);
  EXPECT_EQ(put({{"If-Match", "\"a\""}}, unknown), failed);
}

TEST(if_match, with_a_star_needs_anything_at_all) {
  EXPECT_EQ(put({{"If-Match", "*"}}), met);
  EXPECT_EQ(put({{"If-Match", "*"}}, unknown), met);
  EXPECT_EQ(put({{"If-Match", "*"}}, missing), failed);
}

TEST(if_unmodified_since, needs_nothing_newer) {
  EXPECT_EQ(put({{"If-Unmodified-Since", same}}), met);
  EXPECT_EQ(put({{"If-Unmodified-Since", later}}), met);
  EXPECT_EQ(put({{"If-Unmodified-Since", earlier}}), failed);
  EXPECT_EQ(put({{"If-Unmodified-Since", "yesterday"}}), met);
  EXPECT_EQ(put({{"If-Unmodified-Since", earlier}}, unknown), met);
}

TEST(if_unmodified_since, does_not_count_beside_if_match) {
  EXPECT_EQ(put({{"If-Match", "\"a\""}, {"If-Unmodified-Since", earlier}}), met);
}

TEST(if_none_match, says_what_the_client_has) {
  EXPECT_EQ(get({{"If-None-Match", "W/\"b\", W/\"a\""}}), not_modified);
  EXPECT_EQ(get({{"If-None-Match", "\"a\""}}, weak), not_modified);
  EXPECT_EQ(evaluate_preconditions("HEAD", {{"If-None-Match", "\"a\""}}, strong, now), not_modified);
  EXPECT_EQ(get({{"If-None-Match", "\"b\""}}), met);
  EXPECT_EQ(get({{"If-None-Match", "a"}}), met);
  EXPECT_EQ(get({{"If-None-Match", "*"}}), not_modified);
}

TEST(if_none_match, keeps_a_change_from_what_is_there) {
  EXPECT_EQ(put({{"If-None-Match", "*"}}), failed);
  EXPECT_EQ(put({{"If-None-Match", "*"}}, missing), met);
  EXPECT_EQ(put({{"If-None-Match", "\"a\""}}), failed);
  EXPECT_EQ(put({{"If-None-Match", "a"}}), failed);
}

TEST(if_modified_since, says_what_the_client_has) {
  EXPECT_EQ(get({{"If-Modified-Since", same}}), not_modified);
  EXPECT_EQ(get({{"If-Modified-Since", later}}), not_modified);
  EXPECT_EQ(get({{"If-Modified-Since", earlier}}), met);
  EXPECT_EQ(get({{"If-Modified-Since", "yesterday"}}), met);
  EXPECT_EQ(get({{"If-Modified-Since", later}}, unknown), met);
  EXPECT_EQ(put({{"If-Modified-Since", later}}), met);
}

TEST(if_modified_since, does_not_count_beside_if_none_match) {
  EXPECT_EQ(get({{"If-None-Match", "\"b\""}, {"If-Modified-Since", later}}), met);
}

TEST(preconditions, are_looked_at_in_order) {
  EXPECT_EQ(get({{"If-Match", "\"b\""}, {"If-None-Match", "\"a\""}}), failed);
  EXPECT_EQ(get({{"If-Match", "\"a\""}, {"If-None-Match", "\"a\""}}), not_modified);
  EXPECT_EQ(get({{"If-Unmodified-Since", same}, {"If-Modified-Since", same}}), not_modified);
}

TEST(if_range, lets_a_range_count_for_the_very_same) {
  const auto counts = [](const headers& fields, const resource_state& state = strong) {
    return range_counts("GET", fields, state, now);
  };
  EXPECT_TRUE(counts({{"Range", "bytes=0-"}}));
  EXPECT_FALSE(counts({}));
  EXPECT_FALSE(range_counts("HEAD", {{"Range", "bytes=0-"}}, strong, now));
  EXPECT_TRUE(counts({{"Range", "bytes=0-"}, {"If-Range", "\"a\""}}));
  EXPECT_FALSE(counts({{"Range", "bytes=0-"}, {"If-Range", "\"b\""}}));
  EXPECT_FALSE(counts({{"Range", "bytes=0-"}, {"If-Range", "W/\"a\""}}));
  EXPECT_FALSE(counts({{"Range", "bytes=0-"}, {"If-Range", "\"a\""}}, weak));
  EXPECT_TRUE(counts({{"Range", "bytes=0-"}, {"If-Range", same}}, dated));
  EXPECT_FALSE(counts({{"Range", "bytes=0-"}, {"If-Range", same}})) << "a weak date";
  EXPECT_FALSE(counts({{"Range", "bytes=0-"}, {"If-Range", later}}, dated));
  EXPECT_FALSE(counts({{"Range", "bytes=0-"}, {"If-Range", "nonsense"}}, unknown));
}

TEST(range, that_is_there_twice_does_not_count) {
  EXPECT_FALSE(range_counts("GET", {{"Range", "bytes=0-"}, {"range", "bytes=0-"}}, strong, now));
  EXPECT_FALSE(range_counts("GET", {{"Range", "bytes=0-"}, {"If-Range", "\"a\""}, {"If-Range", "\"a\""}}, strong, now));
}

TEST(retry_after, is_seconds_or_a_date) {
  EXPECT_EQ(parse_retry_after("120", now), 120s);
  EXPECT_EQ(parse_retry_after(" 0 ", now), 0s);
  EXPECT_EQ(parse_retry_after("Wed, 01 Jan 2025 00:01:00 GMT", now), 60s);
  EXPECT_EQ(parse_retry_after("Tue, 31 Dec 2024 00:00:00 GMT", now), 0s);
  EXPECT_EQ(parse_retry_after("99999999999999999999", now), seconds::max());
  for (const std::string field : {"", "-1", "1.5", "soon", "1 2"})
    EXPECT_EQ(parse_retry_after(field, now), std::nullopt) << field;
}

}  // namespace
