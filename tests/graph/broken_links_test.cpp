#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/broken_links.hpp>

using hocket::graph::broken_links;
using hocket::graph::find_broken_links;
using hocket::graph::link_graph;
using hocket::testing::crawl_folder;
using hocket::testing::urls_of;

namespace {

using urls = std::vector<std::string>;

crawl_folder& fill(crawl_folder& folder) {
  folder.page({.url = "home"}).page({.url = "about"});
  folder.page({.url = "gone", .status = 404, .error = "404 Not Found"});
  folder.page({.url = "moved", .final_url = "gone", .status = 301});
  folder.page({.url = "nobody-links-here", .status = 500, .error = "500"});
  folder.link("home", "about").link("home", "gone").link("home", "moved").link("about", "gone").link("about", "out");
  return folder;
}

TEST(broken_links, come_with_the_pages_that_hold_them) {
  crawl_folder folder;
  const link_graph graph = fill(folder).read();
  const broken_links found = find_broken_links(graph, 10, 10);
  EXPECT_EQ(found.links, 3U);
  EXPECT_EQ(found.targets, 2U);
  ASSERT_EQ(found.most_linked.size(), 2U);
  EXPECT_EQ(graph.url(found.most_linked[0].url), "gone");
  EXPECT_EQ(found.most_linked[0].link_count, 2U);
  EXPECT_EQ(urls_of(graph, found.most_linked[0].pages), (urls{"home", "about"}));
  EXPECT_EQ(graph.url(found.most_linked[1].url), "moved");
  EXPECT_EQ(urls_of(graph, found.most_linked[1].pages), (urls{"home"}));
}

TEST(broken_links, are_all_counted_and_listed_as_far_as_asked_for) {
  crawl_folder folder;
  const broken_links found = find_broken_links(fill(folder).read(), 1, 1);
  EXPECT_EQ(found.links, 3U);
  EXPECT_EQ(found.targets, 2U);
  ASSERT_EQ(found.most_linked.size(), 1U);
  EXPECT_EQ(found.most_linked[0].link_count, 2U);
  EXPECT_EQ(found.most_linked[0].pages.size(), 1U);
}

}  // namespace
