#include <gtest/gtest.h>

#include <hocket/crawl_redis/detail/holdings.hpp>

using hocket::time_point;
using hocket::url;
using hocket::crawl::target;
using hocket::crawl::detail::held_partitions;
using hocket::crawl::detail::holdings;
using hocket::crawl::detail::taken_url;

namespace {

target given(holdings& by, unsigned from, const char* href, std::uint64_t token) {
  by.add(taken_url{.from = from, .href = href}, token);
  return {.url = *url::parse(href), .number = token};
}

}  // namespace

TEST(holdings, a_url_of_a_lease_that_was_lost_is_not_wanted) {
  holdings mine;
  mine.take_over({{1, 5}, {2, 1}});
  const target page = given(mine, 1, "http://a/", 5);
  EXPECT_TRUE(mine.is_wanted(page));
  EXPECT_TRUE(mine.take_over({{1, 6}, {2, 1}}));
  EXPECT_FALSE(mine.is_wanted(page));
  EXPECT_EQ(mine.urls(), 0U);
  EXPECT_FALSE(mine.take_over({{1, 6}, {2, 1}}));
}

TEST(holdings, a_partition_goes_when_what_was_begun_is_finished) {
  holdings mine;
  mine.take_over({{1, 5}});
  const target begun = given(mine, 1, "http://a/1", 5);
  const target waits = given(mine, 1, "http://a/2", 5);
  mine.begin(begun);
  EXPECT_TRUE(mine.give_up(1, {}, time_point{}));
  EXPECT_TRUE(mine.is_wanted(begun));
  EXPECT_FALSE(mine.is_wanted(waits));
  EXPECT_TRUE(mine.staying().empty());
  EXPECT_TRUE(mine.ready_to_go(time_point{}).empty());
  mine.remove("http://a/1", 5);
  EXPECT_EQ(mine.ready_to_go(time_point{}), (held_partitions{{1, 5}}));
}

TEST(holdings, the_least_busy_are_given_up_and_no_more_than_asked_for) {
  holdings mine;
  mine.take_over({{1, 1}, {2, 1}, {3, 1}, {4, 1}});
  mine.begin(given(mine, 1, "http://a/", 1));
  mine.begin(given(mine, 2, "http://b/", 1));
  EXPECT_TRUE(mine.give_up(1, {4}, time_point{}));
  EXPECT_EQ(mine.ready_to_go(time_point{}), (held_partitions{{3, 1}}));
  EXPECT_FALSE(mine.give_up(1, {4}, time_point{}));
  EXPECT_TRUE(mine.give_up(2, {4}, time_point{}));
  EXPECT_EQ(mine.staying().size(), 2U);
}

TEST(holdings, what_never_ends_does_not_keep_a_partition_for_ever) {
  holdings mine;
  mine.take_over({{1, 1}});
  mine.begin(given(mine, 1, "http://a/", 1));
  mine.give_up_all(time_point{});
  EXPECT_TRUE(mine.ready_to_go(time_point{}).empty());
  EXPECT_EQ(mine.ready_to_go(time_point{} + std::chrono::seconds(1)).size(), 1U);
}
