#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/dead_ends.hpp>

using hocket::graph::find_dead_ends;
using hocket::testing::crawl_folder;
using hocket::testing::urls_of;

namespace {

using urls = std::vector<std::string>;

TEST(dead_ends, are_html_pages_that_were_read_and_have_no_links) {
  crawl_folder folder;
  folder.page({.url = "linking"}).page({.url = "end"}).page({.url = "untyped", .content_type = ""});
  folder.page({.url = "xhtml", .content_type = "Application/XHTML+xml; charset=utf-8"});
  folder.page({.url = "picture", .content_type = "image/png"});
  folder.page({.url = "gone", .status = 404, .error = "404"});
  folder.page({.url = "old", .final_url = "new"});
  folder.link("linking", "end").link("linking", "not asked for");
  const auto graph = folder.read();
  EXPECT_EQ(urls_of(graph, find_dead_ends(graph, 10).first), (urls{"end", "untyped", "xhtml", "new"}));
}

TEST(dead_ends, are_all_counted_and_listed_as_far_as_asked_for) {
  crawl_folder folder;
  folder.page({.url = "a"}).page({.url = "b"});
  const auto found = find_dead_ends(folder.read(), 1);
  EXPECT_EQ(found.count, 2U);
  EXPECT_EQ(found.first.size(), 1U);
}

}  // namespace
