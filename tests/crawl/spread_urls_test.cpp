#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <hocket/crawl/detail/spread_urls.hpp>

using hocket::url;
using hocket::crawl::detail::spread_urls;

namespace {

url at(const std::string& href) { return *url::parse(href); }

// A URL of a host of that loop.
url of_loop(const spread_urls& all, std::size_t loop) {
  for (int n = 0;; ++n)
    if (url found = at(fmt::format("http://host{}/", n)); all.owner_of(found) == loop) return found;
}

TEST(spread_urls, divides_hosts_evenly_and_leaves_them_whole) {
  const spread_urls all({.loops = 4, .seed = 7});
  std::vector<int> hosts(4);
  for (int n = 0; n < 1000; ++n) {
    const std::size_t owner = all.owner_of(at(fmt::format("http://host{}/", n)));
    EXPECT_EQ(all.owner_of(at(fmt::format("http://host{}/some/page?q", n))), owner);
    ++hosts.at(owner);
  }
  for (const int each : hosts) EXPECT_GT(each, 180);
}

TEST(spread_urls, wakes_a_loop_once_for_all_that_is_sent_before_it_looks) {
  spread_urls all({.loops = 2});
  int woken = 0;
  all.wake_by(1, [&] { ++woken; });
  const url there = of_loop(all, 1);
  all.send({there, 1});
  all.send({there, 2});
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(all.take(1).size(), 2U);
  EXPECT_TRUE(all.take(0).empty());
  all.send({there, 3});
  EXPECT_EQ(woken, 2);
}

TEST(spread_urls, is_over_when_no_loop_has_anything_to_do) {
  spread_urls all({.loops = 2});
  int woken = 0;
  for (const std::size_t loop : {0U, 1U}) all.wake_by(loop, [&] { ++woken; });
  EXPECT_TRUE(all.rest(0, 0, false));
  EXPECT_FALSE(all.is_over());
  EXPECT_TRUE(all.rest(1, 0, false));
  EXPECT_TRUE(all.is_over());
  EXPECT_EQ(woken, 2);
  EXPECT_FALSE(all.rest(0, 0, false));
}

TEST(spread_urls, is_not_over_while_something_is_on_its_way) {
  spread_urls all({.loops = 2});
  EXPECT_TRUE(all.rest(0, 0, false));
  all.send({of_loop(all, 0), 1});
  EXPECT_TRUE(all.rest(1, 0, false));
  EXPECT_FALSE(all.is_over());
  EXPECT_FALSE(all.rest(0, 0, false));  // it has to look first
  EXPECT_EQ(all.take(0).size(), 1U);
  EXPECT_TRUE(all.rest(0, 0, false));
  EXPECT_TRUE(all.is_over());
}

TEST(spread_urls, is_not_over_while_a_loop_has_stirred_by_itself) {
  spread_urls all({.loops = 2});
  EXPECT_TRUE(all.rest(0, 0, false));
  all.stir(0);
  EXPECT_TRUE(all.rest(1, 0, false));
  EXPECT_FALSE(all.is_over());
}

TEST(spread_urls, lets_the_next_level_in_when_all_loops_are_done_with_the_last) {
  spread_urls all({.loops = 2, .by_level = true});
  EXPECT_EQ(all.level(), 0U);
  EXPECT_TRUE(all.rest(0, 3, false));
  EXPECT_EQ(all.level(), 0U);
  EXPECT_TRUE(all.rest(1, 0, false));
  EXPECT_EQ(all.level(), 1U);
  EXPECT_FALSE(all.is_over());
}

TEST(spread_urls, gives_the_place_of_what_was_no_page_to_another) {
  spread_urls all({.loops = 2, .max_pages = 1});
  int woken = 0;
  all.wake_by(0, [&] { ++woken; });
  EXPECT_TRUE(all.begin_page());
  EXPECT_FALSE(all.begin_page());
  EXPECT_TRUE(all.rest(0, 0, true));
  all.end_none();
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(all.rest(0, 0, true));  // there is room
  EXPECT_TRUE(all.begin_page());
}

}  // namespace
