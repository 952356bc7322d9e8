#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/analysis.hpp>

using hocket::graph::analyse;
using hocket::testing::crawl_folder;

namespace {

crawl_folder& fill(crawl_folder& folder) {
  folder.page({.url = "http://a/"}).page({.url = "http://a/b"});
  folder.page({.url = "http://a/gone", .status = 404, .error = "404 Not Found"});
  folder.page({.url = "http://a/1", .final_url = "http://a/2", .status = 301});
  folder.page({.url = "http://a/2", .final_url = "http://a/b", .status = 301});
  folder.link("http://a/", "http://a/b").link("http://a/", "http://a/gone").link("http://a/", "http://a/1");
  folder.link("http://a/b", "http://a/gone").link("http://a/b", "http://elsewhere/");
  return folder;
}

TEST(analysis, is_shown_as_text) {
  crawl_folder folder;
  const auto graph = fill(folder).read();
  auto found = analyse(graph, {.top = 1});
  EXPECT_TRUE(found.ranks_converged);
  found.highest_ranks = {{0, 0.25}};  // tested elsewhere
  found.rank_iterations = 9;
  EXPECT_EQ(analysis_text(found, graph), R"(5 pages (4 ok, 1 failed), 6 URLs, 5 links

Highest PageRank (9 iterations, converged)
  0.2500000  http://a/

Most links to them
          2  http://a/gone

Most links on them
          3  http://a/

Strongly connected components: 6
  the largest has 1 URL

Broken links: 2, to 1 URL
  http://a/gone  404 Not Found
    on http://a/
    and 1 more

Redirects: 2
  http://a/1 -> http://a/2 -> http://a/b

Dead ends: 0 pages without links

Orphans: 1 URL that no other page links to
  http://a/
)");
}

TEST(analysis, of_an_empty_crawl_is_short) {
  const auto graph = crawl_folder().read();
  const std::string text = analysis_text(analyse(graph), graph);
  EXPECT_TRUE(text.starts_with("0 pages (0 ok, 0 failed), 0 URLs, 0 links\n\nStrongly")) << text;
}

TEST(analysis, tells_orphans_by_a_sitemap) {
  crawl_folder folder;
  const auto found = analyse(fill(folder).read(), {.sitemap = std::vector<std::string>{"http://a/new", "http://a/b"}});
  EXPECT_EQ(found.orphans.first, (std::vector<std::string>{"http://a/new"}));
}

TEST(analysis, shows_no_control_characters_of_a_server) {
  crawl_folder folder;
  folder.page({.url = "http://a/", .status = 302, .error = "redirected to '\\u001b[2J'"});
  folder.link("http://a/\xc2\x9b", "http://a/").link("http://a/\xff", "http://a/");
  const auto graph = folder.read();
  const std::string text = analysis_text(analyse(graph), graph);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST(why_broken, is_told_by_where_a_url_is_redirected_to) {
  crawl_folder folder;
  folder.page({.url = "a", .final_url = "b", .status = 301}).page({.url = "b", .status = 410, .error = "410 Gone"});
  folder.page({.url = "x", .final_url = "y", .status = 301}).page({.url = "y", .final_url = "x", .status = 301});
  const auto graph = folder.read();
  EXPECT_EQ(why_broken(graph, graph.find("a").value()), "410 Gone");
  EXPECT_EQ(why_broken(graph, graph.find("x").value()), "redirected in a circle");
}

}  // namespace
