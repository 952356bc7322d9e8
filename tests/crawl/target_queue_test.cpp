#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/target_queue.hpp>

using hocket::url;
using hocket::crawl::crawl_order;
using hocket::crawl::packed_targets;
using hocket::crawl::target;
using hocket::crawl::target_queue;

namespace {

using list = std::vector<std::string>;

target at(const std::string& href, int priority = 0, unsigned attempts = 0) {
  return {.url = *url::parse(href), .depth = 3, .priority = priority, .attempts = attempts, .number = 9};
}

list taken_from(target_queue& all) {
  list hrefs;
  while (!all.empty()) hrefs.push_back(all.pop().url.href());
  return hrefs;
}

TEST(target_queue, gives_the_greater_priority_first_and_in_it_what_came_first) {
  target_queue all;
  for (const char* href : {"http://a/1", "http://a/2"}) all.add(at(href));
  all.add(at("http://a/3", 1));
  all.add(at("http://a/4", -1));
  EXPECT_EQ(taken_from(all), (list{"http://a/3", "http://a/1", "http://a/2", "http://a/4"}));
}

TEST(target_queue, depth_first_gives_what_came_last_first) {
  target_queue all(crawl_order::depth_first);
  for (const char* href : {"http://a/1", "http://a/2", "http://a/3"}) all.add(at(href));
  EXPECT_EQ(all.pop().url.href(), "http://a/3");
  all.add(at("http://a/4"));
  EXPECT_EQ(taken_from(all), (list{"http://a/4", "http://a/2", "http://a/1"}));
}

TEST(target_queue, what_is_put_back_comes_before_the_others_and_keeps_all_it_has) {
  for (const crawl_order order : {crawl_order::breadth_first, crawl_order::depth_first}) {
    target_queue all(order);
    all.add(at("http://a/new"));
    all.add(at("http://a/tried", 0, 1));
    target back = at("http://a/back", 0, 2);
    back.claimed = {"http://a/claimed"};
    all.put_back(std::move(back));
    all.add(at("http://a/newer"));
    EXPECT_EQ(all.size(), 4U);
    const target first = all.pop();
    EXPECT_EQ(first.url.href(), "http://a/back");
    EXPECT_EQ(first.attempts, 2U);
    EXPECT_EQ(first.claimed, (list{"http://a/claimed"}));
    EXPECT_EQ(all.pop().url.href(), "http://a/tried");
  }
}

TEST(target_queue, drops_what_is_new_and_keeps_what_was_tried) {
  target_queue all;
  all.add(at("http://a/new"));
  all.add(at("http://a/tried", 0, 1));
  all.put_back(at("http://a/back"));
  list dropped;
  all.drop_new([&dropped](const target& each) { dropped.push_back(each.url.href()); });
  EXPECT_EQ(dropped, (list{"http://a/new", "http://a/back"}));
  EXPECT_EQ(all.size(), 1U);
  EXPECT_EQ(taken_from(all), (list{"http://a/tried"}));
}

TEST(packed_targets, gives_back_what_it_was_given) {
  packed_targets all;
  all.push_back(at("http://a/" + std::string(70'000 - 20'000, 'x') + "?q=%41", -5));
  const target taken = all.pop_front();
  EXPECT_EQ(taken.url.href().size(), 50'015U);
  EXPECT_EQ(taken.url.query(), "q=%41");
  EXPECT_EQ(taken.depth, 3U);
  EXPECT_EQ(taken.priority, -5);
  EXPECT_EQ(taken.number, 9U);
  EXPECT_TRUE(taken.is_new());
  EXPECT_TRUE(all.empty());
}

// Held against a queue that is plain.
TEST(packed_targets, may_be_taken_from_either_end_in_any_order) {
  packed_targets all;
  std::deque<std::string> plain;
  std::uint64_t state = 1;
  for (int step = 0; step < 50'000; ++step) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const std::uint64_t drawn = state >> 33;
    if (plain.empty() || drawn % 16 < (step / 5000 % 2 == 0 ? 11U : 5U)) {
      plain.push_back("http://a/" + std::string(drawn % 300, 'x') + std::to_string(step));
      all.push_back(at(plain.back()));
    } else if (drawn % 2 == 0) {
      ASSERT_EQ(all.pop_front().url.href(), plain.front());
      plain.pop_front();
    } else {
      ASSERT_EQ(all.pop_back().url.href(), plain.back());
      plain.pop_back();
    }
    ASSERT_EQ(all.size(), plain.size());
  }
}

}  // namespace
