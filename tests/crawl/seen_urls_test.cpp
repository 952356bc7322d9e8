#include <optional>

#include <gtest/gtest.h>

#include <hocket/crawl/seen_urls.hpp>

using hocket::crawl::seen_urls;

namespace {

TEST(seen_urls, counts_a_url_as_new_once) {
  seen_urls seen(1);
  EXPECT_TRUE(seen.see("http://h/", 0));
  EXPECT_FALSE(seen.see("http://h/", 3));
  EXPECT_TRUE(seen.contains("http://h/"));
  EXPECT_FALSE(seen.contains("http://h/other"));
  EXPECT_EQ(seen.size(), 1U);
}

TEST(seen_urls, lets_one_page_claim_what_nobody_has_seen) {
  seen_urls seen(1);
  EXPECT_TRUE(seen.claim("http://h/"));
  EXPECT_FALSE(seen.claim("http://h/"));
  EXPECT_FALSE(seen.see("http://h/", 1));
  EXPECT_TRUE(seen.see("http://h/other", 1));
  EXPECT_FALSE(seen.claim("http://h/other"));
}

TEST(seen_urls, gives_what_was_released_to_whoever_has_led_there_at_the_least_depth) {
  seen_urls seen(1);
  EXPECT_TRUE(seen.claim("http://h/"));
  EXPECT_FALSE(seen.see("http://h/", 4));
  EXPECT_FALSE(seen.see("http://h/", 2));
  EXPECT_FALSE(seen.see("http://h/", 3));
  EXPECT_EQ(seen.release("http://h/"), 2U);
  EXPECT_FALSE(seen.see("http://h/", 5));  // it is somebody's
}

TEST(seen_urls, takes_what_was_released_for_new_if_nobody_has_led_there) {
  seen_urls seen(1);
  EXPECT_TRUE(seen.claim("http://h/"));
  EXPECT_EQ(seen.release("http://h/"), std::nullopt);
  EXPECT_TRUE(seen.see("http://h/", 5));
  EXPECT_FALSE(seen.see("http://h/", 5));
}

TEST(seen_urls, leaves_what_was_kept_to_the_page_that_has_fetched_it) {
  seen_urls seen(1);
  EXPECT_TRUE(seen.claim("http://h/"));
  seen.keep("http://h/");
  EXPECT_FALSE(seen.see("http://h/", 1));
  EXPECT_EQ(seen.release("http://h/"), std::nullopt);
  EXPECT_FALSE(seen.claim("http://h/"));
}

}  // namespace
