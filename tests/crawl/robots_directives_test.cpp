#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/crawl/robots_directives.hpp>

using hocket::crawl::robots_directives;

namespace {

std::string meta(std::string_view content) {
  robots_directives found;
  found.add(content);
  return std::string(found.text());
}

std::string field(std::string_view value) {
  robots_directives found;
  found.add_field(value, "hocket/1.0 (+http://example.org/)");
  return std::string(found.text());
}

TEST(robots_directives, are_words_in_a_list) {
  EXPECT_EQ(meta(""), "");
  EXPECT_EQ(meta("index, follow"), "");
  EXPECT_EQ(meta("noindex"), "noindex");
  EXPECT_EQ(meta("NoFollow ,\tnoarchive"), "nofollow");
  EXPECT_EQ(meta("noindex,nofollow"), "noindex,nofollow");
  EXPECT_EQ(meta("none"), "noindex,nofollow");
  EXPECT_EQ(meta("noindexing, no follow"), "");
}

TEST(robots_directives, of_several_places_add_up) {
  robots_directives found;
  found.add("noindex");
  found.add("nofollow");
  EXPECT_EQ(found.text(), "noindex,nofollow");
}

TEST(robots_directives, of_a_field_may_be_for_one_robot) {
  EXPECT_EQ(field("nofollow"), "nofollow");
  EXPECT_EQ(field("googlebot: nofollow"), "");
  EXPECT_EQ(field("Hocket: noindex, nofollow"), "noindex,nofollow");
  EXPECT_EQ(field("googlebot: noindex, hocket: nofollow"), "nofollow");
  EXPECT_EQ(field("noindex, googlebot: nofollow"), "noindex");
}

TEST(robots_directives, values_behind_a_colon_are_no_robots) {
  EXPECT_EQ(field("unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow"), "nofollow");
  EXPECT_EQ(field("max-snippet: 20, noindex"), "noindex");
}

}  // namespace
