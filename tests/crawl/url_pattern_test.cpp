#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl/url_pattern.hpp>

using hocket::url;
using hocket::crawl::url_pattern;

namespace {

bool matches(const std::string& expression, const std::string& where) {
  return url_pattern(expression).matches(*url::parse(where));
}

TEST(url_pattern, matches_anywhere_in_the_text_unless_anchored) {
  EXPECT_TRUE(matches("docs", "http://example.org/docs/a"));
  EXPECT_TRUE(matches("\\.html$", "http://example.org/a.html"));
  EXPECT_FALSE(matches("\\.html$", "http://example.org/a.html?x"));
  EXPECT_FALSE(matches("^docs", "http://example.org/docs/a"));
  EXPECT_TRUE(matches("/(a|b)[0-9]{2,}", "http://example.org/b17"));
}

TEST(url_pattern, what_is_none_says_why) {
  try {
    url_pattern("(a");
    ADD_FAILURE();
  } catch (const hocket::error& problem) {
    EXPECT_EQ(std::string(problem.what()), "'(a' is no regular expression: Unmatched ( or \\(");
  }
}

TEST(url_pattern, takes_a_long_url) {
  EXPECT_TRUE(matches("^http.*(x|y)*z$", "http://example.org/" + std::string(60'000, 'x') + "z"));
}

}  // namespace
