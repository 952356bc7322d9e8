#include <gtest/gtest.h>

#include <hocket/crawl_redis/detail/host_latencies.hpp>

using hocket::crawl::detail::host_latencies;
using namespace std::chrono_literals;

TEST(host_latencies, the_slowest_come_first_and_no_more_than_asked_for) {
  host_latencies hosts(100);
  hosts.add("quick", 5ms);
  hosts.add("slow", 900ms);
  hosts.add("middling", 80ms);
  const auto slowest = hosts.slowest(2);
  ASSERT_EQ(slowest.size(), 2U);
  EXPECT_EQ(slowest[0].name, "slow");
  EXPECT_EQ(slowest[0].page, 900ms);
  EXPECT_EQ(slowest[1].name, "middling");
}

TEST(host_latencies, what_a_host_was_long_ago_is_forgotten) {
  host_latencies hosts(100);
  for (int n = 0; n < 100; ++n) hosts.add("a", 10ms);
  for (int n = 0; n < 100; ++n) hosts.add("a", 1000ms);
  EXPECT_GT(hosts.slowest(1).at(0).page, 950ms);
  EXPECT_EQ(hosts.slowest(1).at(0).pages, 200U);
}

TEST(host_latencies, of_too_many_hosts_the_slower_half_is_kept) {
  host_latencies hosts(10);
  for (int n = 1; n <= 11; ++n) hosts.add(std::to_string(n), std::chrono::milliseconds(n));
  const auto kept = hosts.slowest(100);
  ASSERT_EQ(kept.size(), 5U);
  EXPECT_EQ(kept.front().name, "11");
  EXPECT_EQ(kept.back().name, "7");
}
