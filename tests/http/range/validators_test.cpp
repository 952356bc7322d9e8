#include <gtest/gtest.h>

#include <hocket/http/range/validators.hpp>

namespace {

using hocket::http::ask_for_rest;
using hocket::http::ask_if_changed;
using hocket::http::headers;
using hocket::http::validators;

constexpr const char* modified = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* a_second_later = "Sun, 06 Nov 1994 08:49:38 GMT";

TEST(validators, are_the_tag_and_the_date_as_they_are_written) {
  const auto found = validators::of({{"ETag", "W/\"a\""}, {"Last-Modified", modified}});
  EXPECT_EQ(found, (validators{"W/\"a\"", modified}));
  EXPECT_TRUE(validators::of({}).empty());
}

TEST(validators, leave_out_what_is_malformed) {
  for (const char* tag : {"a", "\"a", "w/\"a\"", "\"a\", \"b\"", "*", ""})
    EXPECT_TRUE(validators::of({{"ETag", tag}}).empty()) << tag;
  EXPECT_TRUE(validators::of({{"Last-Modified", "yesterday"}}).empty());
}

TEST(validators, are_strong_if_a_tag_is_or_if_the_date_was_over_when_the_response_was_made) {
  EXPECT_EQ((validators{"\"a\"", modified, true}).strongest(), "\"a\"");
  EXPECT_EQ((validators{"W/\"a\"", modified, true}).strongest(), "") << "another state may have that date";
  EXPECT_EQ(validators::of({{"Last-Modified", modified}, {"Date", a_second_later}}).strongest(), modified);
  EXPECT_EQ(validators::of({{"Last-Modified", modified}, {"Date", modified}}).strongest(), "");
  EXPECT_EQ(validators::of({{"Last-Modified", modified}}).strongest(), "");
  EXPECT_EQ(validators::of({{"Last-Modified", a_second_later}, {"Date", modified}}).strongest(), "");
}

TEST(validators, make_conditions) {
  headers request{{"If-None-Match", "\"old\""}};
  ask_if_changed(request, {"W/\"a\"", modified});
  EXPECT_EQ(request.get_all("If-None-Match"), std::vector<std::string_view>{"W/\"a\""});
  EXPECT_EQ(request.get("If-Modified-Since"), modified);
  headers nothing;
  ask_if_changed(nothing, {});
  EXPECT_TRUE(nothing.empty());
}

TEST(validators, make_ranges_conditional_only_if_they_are_strong) {
  headers by_tag;
  ask_for_rest(by_tag, 5, {"\"a\"", modified, true});
  EXPECT_EQ(by_tag.get("Range"), "bytes=5-");
  EXPECT_EQ(by_tag.get("If-Range"), "\"a\"");
  headers weak;
  ask_for_rest(weak, 18446744073709551615U, {"W/\"a\"", modified, true});
  EXPECT_EQ(weak.get("Range"), "bytes=18446744073709551615-");
  EXPECT_FALSE(weak.contains("If-Range"));
}

}  // namespace
