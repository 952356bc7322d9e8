#include <string>
#include <vector>

#include <hocket/crawl/memory_frontier.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::url;
using hocket::crawl::finished_page;
using hocket::crawl::memory_frontier;
using hocket::crawl::page_link;
using hocket::crawl::target;

namespace {

using list = std::vector<std::string>;

hocket::crawl::verdict take_all(const url&) { return {}; }

std::vector<page_link> links_to(const list& hrefs, bool nofollow = false) {
  std::vector<page_link> links;
  for (const std::string& href : hrefs) links.push_back({*url::parse(href), nofollow});
  return links;
}

target page(unsigned depth = 0) { return {.url = *url::parse("http://a/"), .depth = depth}; }

list hrefs_of(const std::vector<target>& targets) {
  list hrefs;
  for (const target& each : targets) hrefs.push_back(each.url.href());
  return hrefs;
}

coro<list> passed_over(memory_frontier& all) {
  list found;
  co_await all.visit_passed_over([&found](std::string_view href, std::string_view why) {
    found.push_back(std::string(href) + " " + std::string(why));
  });
  co_return found;
}

HOCKET_TEST(memory_frontier, gives_the_links_of_a_page_that_were_never_seen_one_deeper) {
  memory_frontier all;
  const target from = page(3);
  const auto links = links_to({"http://a/1", "http://a/2"});
  const auto fresh = co_await all.finish({.page = from, .links = links}, take_all);
  EXPECT_EQ(hrefs_of(fresh), (list{"http://a/1", "http://a/2"}));
  EXPECT_EQ(fresh.at(0).depth, 4U);
  EXPECT_TRUE((co_await all.finish({.page = from, .links = links}, take_all)).empty());
  EXPECT_EQ(all.seen(), 2U);
}

HOCKET_TEST(memory_frontier, asks_the_judge_about_a_url_once) {
  memory_frontier all;
  const target from = page();
  const auto links = links_to({"http://b/"});
  int asked = 0;
  for (int n = 0; n < 3; ++n) {
    const auto fresh = co_await all.finish({.page = from, .links = links}, [&asked](const url&) {
      ++asked;
      return hocket::crawl::verdict{.against = "scope"};
    });
    EXPECT_TRUE(fresh.empty());
  }
  EXPECT_EQ(asked, 1);
}

HOCKET_TEST(memory_frontier, a_seed_is_taken_once) {
  memory_frontier all;
  const std::vector<url> seeds{*url::parse("http://a/"), *url::parse("http://a/")};
  EXPECT_EQ((co_await all.begin(seeds, take_all)).size(), 1U);
}

HOCKET_TEST(memory_frontier, what_was_released_is_fetched_if_it_was_found_meanwhile) {
  memory_frontier all;
  const target page{.url = *url::parse("http://a/"), .depth = 3};
  const std::vector<std::string> released{"http://a/moved"};
  const std::vector<page_link> links{{*url::parse("http://a/moved"), false}};
  EXPECT_TRUE(co_await all.claim("http://a/moved"));
  EXPECT_TRUE((co_await all.finish({.page = page, .links = links}, take_all)).empty());
  const auto fresh = co_await all.finish({.page = page, .released = released}, take_all);
  EXPECT_EQ(fresh.size(), 1U);
  EXPECT_EQ(fresh.at(0).url.href(), "http://a/moved");
  EXPECT_EQ(fresh.at(0).depth, 4U);
  EXPECT_FALSE(co_await all.claim("http://a/moved"));
}

HOCKET_TEST(memory_frontier, what_was_released_is_as_if_never_seen) {
  memory_frontier all;
  const target page{.url = *url::parse("http://a/")};
  const std::vector<std::string> moved{"http://a/moved"};
  const std::vector<page_link> links{{*url::parse("http://a/moved"), false}};
  for (int n = 0; n < 2; ++n) {
    EXPECT_TRUE(co_await all.claim("http://a/moved"));
    EXPECT_FALSE(co_await all.claim("http://a/moved"));
    EXPECT_TRUE((co_await all.finish({.page = page, .released = moved}, take_all)).empty());
  }
  EXPECT_EQ((co_await all.finish({.page = page, .links = links}, take_all)).size(), 1U);
  EXPECT_TRUE((co_await all.finish({.page = page, .links = links}, take_all)).empty());
  EXPECT_FALSE(co_await all.claim("http://a/moved"));
}

HOCKET_TEST(memory_frontier, a_page_that_is_redirected_to_what_is_claimed_has_found_it) {
  memory_frontier all;
  const target page{.url = *url::parse("http://a/"), .depth = 2};
  const url moved = *url::parse("http://a/moved");
  const std::vector<std::string> released{moved.href()};
  EXPECT_TRUE(co_await all.claim(moved.href()));
  EXPECT_TRUE((co_await all.finish({.page = page, .besides = {&moved, 1}}, take_all)).empty());
  const auto fresh = co_await all.finish({.page = page, .released = released}, take_all);
  EXPECT_EQ(fresh.size(), 1U);
  EXPECT_EQ(fresh.at(0).depth, 2U);
}

HOCKET_TEST(memory_frontier, what_was_claimed_is_nobody_elses) {
  memory_frontier all;
  EXPECT_TRUE(co_await all.claim("http://a/1"));
  EXPECT_FALSE(co_await all.claim("http://a/1"));
  const target from = page();
  const auto links = links_to({"http://a/1"});
  EXPECT_TRUE((co_await all.finish({.page = from, .links = links}, take_all)).empty());
}

HOCKET_TEST(memory_frontier, what_is_passed_over_may_be_followed_from_elsewhere) {
  memory_frontier all;
  const target from = page();
  const auto unwanted = links_to({"http://a/1", "http://a/2"}, true);
  EXPECT_TRUE((co_await all.finish({.page = from, .links = unwanted}, take_all)).empty());
  const auto wanted = links_to({"http://a/2"});
  EXPECT_EQ((co_await all.finish({.page = from, .links = wanted}, take_all)).size(), 1U);
  EXPECT_EQ(co_await passed_over(all), (list{"http://a/1 nofollow"}));
}

HOCKET_TEST(memory_frontier, passes_over_all_links_of_a_page_whose_links_are_not_followed) {
  memory_frontier all;
  const target from = page();
  const auto links = links_to({"http://a/1"});
  EXPECT_TRUE((co_await all.finish({.page = from, .links = links, .not_followed = "depth"}, take_all)).empty());
  EXPECT_EQ(co_await passed_over(all), (list{"http://a/1 depth"}));
}

}  // namespace
