#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/hosts.hpp>

using hocket::graph::host_of;
using hocket::graph::hosts_of;
using hocket::testing::crawl_folder;

namespace {

TEST(host_of, is_host_and_port) {
  EXPECT_EQ(host_of("http://a.example:8000/b?c=http://d/"), "a.example:8000");
  EXPECT_EQ(host_of("http://user:password@a/b@c"), "a");
  EXPECT_EQ(host_of("http://[::1]:80"), "[::1]:80");
  EXPECT_EQ(host_of("http://a?b"), "a");
  EXPECT_EQ(host_of("no url"), "no url");
}

TEST(hosts, sum_up_their_pages) {
  crawl_folder folder;
  folder.page({.url = "http://a/", .milliseconds = 2, .bytes = 10});
  folder.page({.url = "http://b/", .milliseconds = 3, .bytes = 20});
  folder.page({.url = "http://a/gone", .status = 404, .error = "404", .milliseconds = 5, .bytes = 1});
  folder.link("http://a/", "http://a/unseen");
  const auto graph = folder.read();
  const auto found = hosts_of(graph);
  ASSERT_EQ(found.all.size(), 2U);
  EXPECT_EQ(found.all[0].name, "a");
  EXPECT_EQ(found.all[0].urls, 3U);
  EXPECT_EQ(found.all[0].pages, 2U);
  EXPECT_EQ(found.all[0].failed, 1U);
  EXPECT_EQ(found.all[0].bytes, 11U);
  EXPECT_EQ(found.all[0].milliseconds, 7U);
  EXPECT_EQ(found.of, (std::vector<std::uint32_t>{0, 1, 0, 0}));
}

}  // namespace
