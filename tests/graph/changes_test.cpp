#include <sstream>
#include <string>
#include <vector>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <hocket/graph/changes.hpp>

using hocket::graph::change_counts;
using hocket::testing::crawl_folder;
using hocket::testing::write_file;

namespace {

using texts = std::vector<std::string>;

/// Rows with spaces for tabs, without the header.
texts changes(const crawl_folder& before, const crawl_folder& now, change_counts* counts = nullptr) {
  std::stringstream text;
  const auto earlier = before.read();
  const auto later = now.read();
  const change_counts counted = hocket::graph::write_changes(text, earlier, later);
  if (counts != nullptr) *counts = counted;
  texts rows;
  for (std::string line; std::getline(text, line);) {
    for (char& c : line)
      if (c == '\t') c = ' ';
    rows.push_back(line);
  }
  EXPECT_EQ(rows.front(), "change url detail");
  rows.erase(rows.begin());
  return rows;
}

TEST(changes, are_none_between_equal_crawls_in_whatever_order) {
  crawl_folder before;
  before.page({.url = "a", .hash = "1"}).page({.url = "b", .etag = "x"}).link("a", "b").link("a", "c").link("b", "a");
  crawl_folder now;
  now.page({.url = "b", .etag = "x"}).page({.url = "a", .hash = "1"}).link("b", "a").link("a", "c").link("a", "b");
  EXPECT_EQ(changes(before, now), texts{});
}

TEST(changes, are_pages_that_come_and_go) {
  crawl_folder before;
  before.page({.url = "a"}).page({.url = "b", .status = 201});
  crawl_folder now;
  now.page({.url = "a"}).page({.url = "c"});
  EXPECT_EQ(changes(before, now), (texts{"new c 200", "gone b 201"}));
}

TEST(changes, are_links_that_come_and_go) {
  crawl_folder before;
  before.page({.url = "a"}).page({.url = "b"}).link("a", "b").link("a", "old").link("b", "a");
  crawl_folder now;
  now.page({.url = "b"}).page({.url = "a"}).link("a", "b").link("a", "fresh").link("b", "b");
  EXPECT_EQ(changes(before, now), (texts{"link_added b b", "link_added a fresh", "link_gone a old", "link_gone b a"}));
}

TEST(changes, are_contents_that_differ) {
  crawl_folder before;
  before.page({.url = "a", .hash = "1"}).page({.url = "b", .etag = "x"}).page({.url = "c"}).page({.url = "d"});
  crawl_folder now;
  now.page({.url = "a", .hash = "2"}).page({.url = "b", .etag = "y"}).page({.url = "c", .hash = "3"});
  now.page({.url = "d", .status = 203, .content_type = "text/plain"});
  EXPECT_EQ(changes(before, now),
            (texts{"changed a content", "changed b content", "changed d status 200 -> 203, type"}));
}

TEST(changes, are_redirects_that_lead_elsewhere) {
  crawl_folder before;
  before.page({.url = "a", .final_url = "b"}).page({.url = "c", .final_url = "d"});
  crawl_folder now;
  now.page({.url = "a", .final_url = "e"}).page({.url = "c"});
  EXPECT_EQ(changes(before, now), (texts{"changed a redirected to e", "changed c redirected to c"}));
}

TEST(changes, are_urls_that_break_and_are_mended) {
  crawl_folder before;
  before.page({.url = "a"}).page({.url = "b", .status = 404, .error = "404 Not Found"});
  before.page({.url = "c", .status = 500, .error = "500"});
  crawl_folder now;
  now.page({.url = "a", .status = 0, .error = "no answer"}).page({.url = "b"});
  now.page({.url = "c", .status = 500, .error = "500"}).page({.url = "d", .status = 404, .error = "404"});
  change_counts counts;
  EXPECT_EQ(changes(before, now, &counts),
            (texts{"changed a status 200 -> 0", "broken a no answer", "changed b status 404 -> 200",
                   "mended b 404 Not Found", "new d 404", "broken d 404"}));
  EXPECT_EQ(counts.broken, 2U);
  EXPECT_EQ(counts.mended, 1U);
  EXPECT_EQ(counts.fresh, 1U);
  EXPECT_EQ(counts.changed, 2U);
}

TEST(changes, stand_in_the_summary) {
  const crawl_folder folder;
  write_file(folder.path() + "/summary.json", R"({"pages": 3, "seconds": 1.5, "skipped": {}})");
  hocket::graph::add_to_summary(folder.path(), {.fresh = 1, .links_gone = 7}, 5);
  const auto summary = nlohmann::json::parse(hocket::testing::content_of(folder.path() + "/summary.json"));
  EXPECT_EQ(summary["pages"], 3);
  EXPECT_EQ(summary["changes"]["new"], 1);
  EXPECT_EQ(summary["changes"]["links_gone"], 7);
  EXPECT_EQ(summary["changes"]["not_modified"], 5);
}

}  // namespace
