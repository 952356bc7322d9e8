#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <hocket/crawl/robots.hpp>

using namespace std::chrono_literals;
using hocket::url;
using hocket::crawl::robots;

namespace {

bool allows(const robots& rules, std::string_view target) {
  return rules.allows(*url::parse("http://example.org" + std::string(target)));
}

/// Whether a crawler called "me" may go there.
bool allowed(std::string_view text, std::string_view target) { return allows(robots::parse(text, "me"), target); }

/// With rules for everybody.
bool matched(std::string_view pattern, std::string_view target) {
  return !allowed("User-agent: *\nDisallow: " + std::string(pattern), target);
}

// ---- groups

TEST(robots, an_empty_file_allows_everything) {
  EXPECT_TRUE(allowed("", "/a"));
  EXPECT_TRUE(allows(robots(), "/a"));
}

TEST(robots, disallowing_all_leaves_only_itself) {
  EXPECT_FALSE(allows(robots::disallowing_all(), "/"));
  EXPECT_FALSE(allows(robots::disallowing_all(), "/a?b"));
  EXPECT_TRUE(allows(robots::disallowing_all(), "/robots.txt"));
}

TEST(robots, rules_for_everybody_count_for_whom_no_group_names) {
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: /a", "/a"));
  EXPECT_TRUE(allowed("User-agent: you\nDisallow: /a", "/a"));
}

TEST(robots, a_group_that_names_the_crawler_takes_the_place_of_those_for_everybody) {
  const std::string_view text = "User-agent: *\nDisallow: /a\n\nUser-agent: me\nDisallow: /b\n";
  EXPECT_TRUE(allowed(text, "/a"));
  EXPECT_FALSE(allowed(text, "/b"));
}

TEST(robots, a_group_without_rules_allows_everything) {
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /\n\nUser-agent: me\n", "/a"));
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /\n\nUser-agent: me\nDisallow:\n", "/a"));
}

TEST(robots, groups_that_name_the_same_crawler_are_one) {
  const std::string_view text =
      "User-agent: me\nDisallow: /a\nUser-agent: you\nDisallow: /b\nUser-agent: ME\nDisallow: /c";
  EXPECT_FALSE(allowed(text, "/a"));
  EXPECT_TRUE(allowed(text, "/b"));
  EXPECT_FALSE(allowed(text, "/c"));
}

TEST(robots, agents_in_a_row_share_their_rules) {
  const std::string_view text = "User-agent: you\n\n# and\nUser-agent: me\nDisallow: /a\n";
  EXPECT_FALSE(allowed(text, "/a"));
}

TEST(robots, other_records_end_no_group) {
  EXPECT_FALSE(allowed("User-agent: me\nSitemap: /s\nUser-agent: you\nDisallow: /a", "/a"));
  EXPECT_FALSE(allowed("User-agent: me\nDisallow: /b\nHost: x\n\nDisallow: /a", "/a"));
}

TEST(robots, rules_before_any_group_are_nobodys) { EXPECT_TRUE(allowed("Disallow: /\nUser-agent: you\n", "/a")); }

TEST(robots, what_counts_of_a_name_is_its_product_token) {
  const robots rules = robots::parse("User-agent: Hocket/2.1\nDisallow: /a", "hocket/1.0 (+http://example.org/)");
  EXPECT_FALSE(allows(rules, "/a"));
  EXPECT_TRUE(allows(robots::parse("User-agent: hock\nDisallow: /a", "hocket"), "/a"));
  EXPECT_TRUE(allows(robots::parse("User-agent: hocket-news\nDisallow: /a", "hocket"), "/a"));
}

TEST(robots, a_name_that_begins_with_no_token_is_named_by_no_group) {
  EXPECT_TRUE(allows(robots::parse("User-agent: (me)\nDisallow: /", "(me)"), "/a"));
  EXPECT_FALSE(allows(robots::parse("User-agent: *\nDisallow: /", "(me)"), "/a"));
}

TEST(robots, a_name_with_digits_is_known_by_what_the_standard_allows_of_it_if_by_nothing_else) {
  const std::string_view short_name = "User-agent: bot\nDisallow: /a\nUser-agent: *\nDisallow: /b\n";
  EXPECT_FALSE(allows(robots::parse(short_name, "bot2"), "/a"));
  EXPECT_TRUE(allows(robots::parse(short_name, "bot2"), "/b"));
  const std::string both = std::string(short_name) + "User-agent: Bot2/1.0\nDisallow: /c\n";
  EXPECT_TRUE(allows(robots::parse(both, "bot2"), "/a"));
  EXPECT_FALSE(allows(robots::parse(both, "bot2"), "/c"));
  EXPECT_TRUE(allows(robots::parse(both, "bot"), "/c"));
  EXPECT_FALSE(allows(robots::parse("User-agent: 360Spider\nDisallow: /", "360Spider"), "/a"));
  EXPECT_TRUE(allows(robots::parse("User-agent: /\nDisallow: /", "360Spider"), "/a"));
}

TEST(robots, digits_tell_names_apart) {
  EXPECT_TRUE(allows(robots::parse("User-agent: bot1\nDisallow: /", "bot2"), "/a"));
}

// ---- lines

TEST(robots, lines_end_with_any_of_the_line_ends) {
  for (const std::string_view end : {"\n", "\r\n", "\r"})
    EXPECT_FALSE(allowed(fmt::format("User-agent: *{0}Disallow: /a{0}Disallow: /b{0}", end), "/b"));
}

TEST(robots, a_byte_order_mark_is_passed_over) {
  EXPECT_FALSE(allowed("\xEF\xBB\xBFUser-agent: *\nDisallow: /", "/a"));
}

TEST(robots, blanks_case_and_comments_do_not_matter) {
  EXPECT_FALSE(allowed(" \tUSER-AGENT\t:\t* \t# all\n  dIsAllow :/a # this\n", "/a"));
  EXPECT_TRUE(allowed("User-agent: *\n# Disallow: /a\n", "/a"));
}

TEST(robots, lines_that_are_no_records_are_passed_over) {
  const std::string_view text =
      "<html>\nUser-agent: *\nDisallow /a\nDissalow: /b\n:\n: /\nUseragent: you\nDisallow: /c";
  EXPECT_TRUE(allowed(text, "/a"));
  EXPECT_TRUE(allowed(text, "/b"));
  EXPECT_FALSE(allowed(text, "/c"));
}

TEST(robots, what_is_too_much_is_not_read_nor_half_a_line) {
  const std::string rest(robots::max_size - 24, '#');
  EXPECT_TRUE(allowed("User-agent: *\n" + rest + "\nDisallow: /a\n", "/b"));
  const std::string full =
      "User-agent: *\nDisallow: /first\n" + std::string(robots::max_size, '#') + "\nDisallow: /last\n";
  EXPECT_FALSE(allowed(full, "/first"));
  EXPECT_TRUE(allowed(full, "/last"));
}

// ---- matching

TEST(robots, a_path_matches_what_begins_with_it) {
  EXPECT_TRUE(matched("/fish", "/fish"));
  EXPECT_TRUE(matched("/fish", "/fish.html"));
  EXPECT_TRUE(matched("/fish", "/fish?id=1"));
  EXPECT_FALSE(matched("/fish", "/Fish"));
  EXPECT_FALSE(matched("/fish", "/catfish"));
  EXPECT_FALSE(matched("/fish/", "/fish"));
}

TEST(robots, a_star_stands_for_any_text) {
  EXPECT_TRUE(matched("/*.php", "/a/b.php?x"));
  EXPECT_TRUE(matched("/a*b*c", "/abbc"));
  EXPECT_TRUE(matched("*.gif", "/x.gif"));
  EXPECT_TRUE(matched("/fish*", "/fish"));
  EXPECT_FALSE(matched("/a*b*c", "/acb"));
}

TEST(robots, a_dollar_at_the_end_stands_for_the_end) {
  EXPECT_TRUE(matched("/*.php$", "/a.php"));
  EXPECT_FALSE(matched("/*.php$", "/a.php?x"));
  EXPECT_TRUE(matched("/*.php$", "/a.php?b.php"));
  EXPECT_TRUE(matched("/a$", "/a"));
  EXPECT_FALSE(matched("/a$", "/ab"));
  EXPECT_TRUE(matched("/*$", "/ab"));
  EXPECT_FALSE(matched("/ab*b$", "/ab"));
}

TEST(robots, a_dollar_elsewhere_is_itself) {
  EXPECT_TRUE(matched("/a$b", "/a$b"));
  EXPECT_TRUE(matched("/a%24", "/a$b"));
  EXPECT_FALSE(matched("/a$b", "/a"));
}

TEST(robots, an_escaped_star_is_itself) {
  EXPECT_TRUE(matched("/a%2Ab", "/a*b"));
  EXPECT_FALSE(matched("/a%2Ab", "/axb"));
}

// RFC 9309, 2.2.2, the table.
TEST(robots, escapes_do_not_matter_where_they_need_not_be) {
  EXPECT_TRUE(matched("/foo/bar?baz=quz", "/foo/bar?baz=quz"));
  EXPECT_TRUE(matched("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"));
  EXPECT_TRUE(matched("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar"));
  EXPECT_TRUE(matched("/foo/bar/\xE3\x83\x84", "/foo/bar/%E3%83%84"));
  EXPECT_TRUE(matched("/foo/bar/%e3%83%84", "/foo/bar/\xE3\x83\x84"));
  EXPECT_TRUE(matched("/foo/bar/%62%61%7A", "/foo/bar/baz"));
  EXPECT_TRUE(matched("/foo/bar/baz", "/foo/bar/%62%61%7a"));
}

TEST(robots, an_escaped_delimiter_of_a_path_is_another_one) {
  EXPECT_FALSE(matched("/a/b", "/a%2Fb"));
  EXPECT_FALSE(matched("/a%2Fb", "/a/b"));
  EXPECT_TRUE(matched("/a%2fb", "/a%2Fb"));
}

TEST(robots, a_percent_sign_that_escapes_nothing_is_itself) {
  EXPECT_TRUE(matched("/100%", "/100%"));
  EXPECT_TRUE(matched("/talk%3Media", "/talk%3Media"));
  EXPECT_FALSE(matched("/talk%3Media", "/talk:edia"));
}

TEST(robots, the_longest_match_counts) {
  const std::string_view text = "User-agent: *\nAllow: /page\nDisallow: /page/secret\nAllow: /page/secret/not\n";
  EXPECT_TRUE(allowed(text, "/page/open"));
  EXPECT_FALSE(allowed(text, "/page/secret/1"));
  EXPECT_TRUE(allowed(text, "/page/secret/not/1"));
}

TEST(robots, of_two_as_long_the_one_that_allows_counts) {
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /page\nAllow: /page\n", "/page"));
  EXPECT_TRUE(allowed("User-agent: *\nAllow: /page\nDisallow: /page\n", "/page"));
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /*.htm\nAllow: /page/\n", "/page/a.htm"));
}

TEST(robots, itself_is_always_allowed) { EXPECT_TRUE(allowed("User-agent: *\nDisallow: /\n", "/robots.txt")); }

TEST(robots, many_stars_take_no_time) {
  std::string pattern = "/";
  for (int n = 0; n < 2000; ++n) pattern += "*a";
  EXPECT_FALSE(matched(pattern + "*b", "/" + std::string(60'000, 'a')));
}

// ---- records of others

TEST(robots, a_crawl_delay_is_for_its_group) {
  const std::string_view text = "User-agent: me\nCrawl-delay: 2.5\nDisallow: /a\nUser-agent: *\nCrawl-delay: 9\n";
  EXPECT_EQ(robots::parse(text, "me").crawl_delay(), 2500ms);
  EXPECT_EQ(robots::parse(text, "you").crawl_delay(), 9s);
  EXPECT_EQ(robots::parse("", "me").crawl_delay(), std::nullopt);
}

TEST(robots, a_crawl_delay_that_is_none_is_passed_over_and_one_that_is_endless_is_a_day) {
  for (const std::string_view delay : {"-1", "x", "", "1 s", "nan", "inf"})
    EXPECT_EQ(robots::parse(fmt::format("User-agent: *\nCrawl-delay: {}", delay), "me").crawl_delay(), std::nullopt)
        << delay;
  EXPECT_EQ(robots::parse("User-agent: *\nCrawl-delay: 1e300", "me").crawl_delay(), 24h);
}

TEST(robots, sitemaps_are_for_everybody_wherever_they_stand) {
  const robots rules =
      robots::parse("Sitemap: http://a/1.xml\nUser-agent: you\nDisallow: /\nsitemap:/Two.xml # x\nSitemap:\n", "me");
  EXPECT_EQ(rules.sitemaps(), (std::vector<std::string>{"http://a/1.xml", "/Two.xml"}));
}

}  // namespace
