#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <hocket/crawl/stats/crawl_stats.hpp>
#include <hocket/crawl/stats/stats_text.hpp>

using namespace std::chrono_literals;
using hocket::crawl::crawl_stats;
using hocket::crawl::host_stats;
using hocket::crawl::stats_json;
using hocket::crawl::stats_metrics;

namespace {

using list = std::vector<std::string>;

void add(crawl_stats& to, std::string_view url, std::int64_t milliseconds, int status = 200,
         std::string_view error = "") {
  to.add({.url = url, .final_url = url, .status = status, .bytes = 10, .milliseconds = milliseconds, .error = error});
}

list names_of(const std::vector<host_stats>& hosts) {
  list names;
  for (const host_stats& each : hosts) names.push_back(each.host);
  return names;
}

TEST(crawl_stats, tells_hosts_by_name_and_port) {
  crawl_stats counted;
  for (const char* url : {"http://a.example/", "https://a.example/x@y", "http://me:pw@a.example/?b@c",
                          "http://a.example:81/", "http://[::1]:80/"})
    add(counted, url, 1);
  EXPECT_EQ(names_of(counted.busiest(9)), (list{"a.example", "[::1]:80", "a.example:81"}));
  EXPECT_EQ(counted.busiest(1).front().pages, 3U);
}

TEST(crawl_stats, lists_the_slowest_first_by_what_they_take_of_late) {
  crawl_stats counted;
  add(counted, "http://slow.example/", 800);
  add(counted, "http://quick.example/", 10);
  add(counted, "http://improved.example/", 900);
  for (int n = 0; n < 30; ++n) add(counted, "http://improved.example/", 20);
  EXPECT_EQ(names_of(counted.slowest(9)), (list{"slow.example", "improved.example", "quick.example"}));
  EXPECT_EQ(names_of(counted.slowest(1)), list{"slow.example"});
  EXPECT_EQ(counted.slowest(1).front().latest, 800ms);
}

TEST(crawl_stats, counts_what_failed_and_what_came) {
  crawl_stats counted;
  add(counted, "http://a.example/1", 1, 404, "404 Not Found");
  add(counted, "http://a.example/2", 1, 0, "refused");
  add(counted, "http://a.example/3", 1);
  const host_stats host = counted.slowest(1).front();
  EXPECT_EQ(host.failed, 2U);
  EXPECT_EQ(host.bytes, 30U);
  EXPECT_EQ(counted.by_status(), (std::map<int, std::uint64_t>{{0, 1}, {200, 1}, {404, 1}}));
}

TEST(crawl_stats, puts_a_duration_into_the_bucket_that_it_does_not_exceed) {
  crawl_stats counted;
  for (const std::int64_t ms : {0, 1, 5, 6, 30'000, 30'001}) add(counted, "http://a.example/", ms);
  EXPECT_EQ(counted.durations()[0], 2U);   // to 1 ms
  EXPECT_EQ(counted.durations()[2], 1U);   // to 5 ms
  EXPECT_EQ(counted.durations()[3], 1U);   // to 10 ms
  EXPECT_EQ(counted.durations()[13], 1U);  // to 30 s
  EXPECT_EQ(counted.durations()[14], 1U);
  EXPECT_DOUBLE_EQ(counted.seconds(), 60.013);
}

TEST(crawl_stats, remembers_no_more_hosts_than_it_may) {
  crawl_stats counted;
  for (std::size_t n = 0; n < crawl_stats::most_hosts + 10; ++n)
    add(counted, "http://" + std::to_string(n) + ".example/", 1);
  EXPECT_EQ(counted.hosts(), crawl_stats::most_hosts);
  EXPECT_EQ(counted.by_status().at(200), crawl_stats::most_hosts + 10);
}

TEST(stats_text, escapes_what_others_chose) {
  crawl_stats counted;
  hocket::crawl::progress now;
  now.skipped["a\"b\\c\nd"] = 1;
  EXPECT_NE(stats_metrics(now, counted, {}).find("reason=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
  const auto read = nlohmann::json::parse(stats_json(now, counted, {}));
  EXPECT_EQ(read["skipped"]["a\"b\\c\nd"], 1);
}

TEST(stats_text, has_totals_without_any_page) {
  const crawl_stats counted;
  const auto read = nlohmann::json::parse(stats_json({}, counted, {.resident_bytes = 5, .cpu_seconds = 0.5}));
  EXPECT_EQ(read["pages"], 0);
  EXPECT_EQ(read["rss_bytes"], 5);
  EXPECT_NE(stats_metrics({}, counted, {}).find("hocket_crawl_page_duration_seconds_bucket{le=\"+Inf\"} 0\n"),
            std::string::npos);
}

TEST(process_usage, is_that_of_this_process) {
  EXPECT_GT(hocket::crawl::process_usage::now().resident_bytes, 1'000'000U);
}

}  // namespace
