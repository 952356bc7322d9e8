#include <filesystem>
#include <set>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

using hocket::graph::link_graph;
using hocket::testing::crawl_folder;
using hocket::testing::node_of;
using hocket::testing::urls_of;

namespace {

using urls = std::vector<std::string>;

TEST(link_graph, has_each_url_of_both_files) {
  crawl_folder folder;
  folder.page({.url = "http://a/"}).page({.url = "http://a/alone"}).link("http://a/", "http://b/");
  const link_graph graph = folder.read();
  EXPECT_EQ(graph.size(), 3U);
  EXPECT_EQ(graph.pages(), 2U);
  EXPECT_EQ(graph.links(), 1U);
  EXPECT_TRUE(graph.find("http://b/"));
  EXPECT_FALSE(graph.find("http://c/"));
}

TEST(link_graph, knows_where_each_page_links_to) {
  crawl_folder folder;
  folder.page({.url = "a"}).page({.url = "b"}).page({.url = "c"});
  folder.link("c", "b").link("c", "a").link("a", "c").link("c", "c");
  const link_graph graph = folder.read();
  EXPECT_EQ(urls_of(graph, graph.links_from(node_of(graph, "a"))), (urls{"c"}));
  EXPECT_EQ(urls_of(graph, graph.links_from(node_of(graph, "b"))), urls{});
  EXPECT_EQ(urls_of(graph, graph.links_from(node_of(graph, "c"))), (urls{"a", "b", "c"}));
}

TEST(link_graph, counts_a_link_once_however_often_and_wherever_it_stands) {
  crawl_folder folder;
  folder.link("a", "b").link("c", "a").link("a", "b").link("a", "a").link("a", "b");
  const link_graph graph = folder.read();
  EXPECT_EQ(graph.links(), 3U);
  EXPECT_EQ(urls_of(graph, graph.links_from(node_of(graph, "a"))), (urls{"a", "b"}));
  EXPECT_EQ(urls_of(graph, graph.links_from(node_of(graph, "c"))), (urls{"a"}));
}

TEST(link_graph, tells_what_became_of_a_page) {
  crawl_folder folder;
  folder.page(
      {.url = "a", .status = 404, .error = "404 Not Found", .depth = 3, .milliseconds = 17, .bytes = 4'000'000'000});
  folder.link("b", "c");
  const link_graph graph = folder.read();
  const auto& page = graph.page_of(node_of(graph, "a"));
  EXPECT_TRUE(page.is_known);
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.depth, 3U);
  EXPECT_EQ(page.milliseconds, 17U);
  EXPECT_EQ(page.bytes, 4'000'000'000U);
  EXPECT_EQ(graph.text(page.error), "404 Not Found");
  EXPECT_EQ(graph.text(page.content_type), "text/html");
  EXPECT_FALSE(graph.page_of(node_of(graph, "c")).is_known);
}

TEST(link_graph, gives_the_end_of_a_redirect_what_was_found_there) {
  crawl_folder folder;
  folder.page({.url = "old", .final_url = "new", .status = 200, .depth = 2});
  const link_graph graph = folder.read();
  EXPECT_EQ(graph.redirect(node_of(graph, "old")), node_of(graph, "new"));
  EXPECT_EQ(graph.redirects(), 1U);
  EXPECT_EQ(graph.pages(), 1U);
  EXPECT_EQ(graph.page_of(node_of(graph, "new")).status, 200);
  EXPECT_FALSE(graph.page_of(node_of(graph, "new")).is_listed);
  EXPECT_FALSE(graph.redirect(node_of(graph, "new")));
}

TEST(link_graph, takes_each_hop_of_a_redirect) {
  crawl_folder folder;
  folder.pages_text(R"({"url":"a","final_url":"c","status":200,"content_type":"","bytes":1,"depth":0,"links":0,"ms":1,)"
                    R"("redirects":[{"url":"a","status":301},{"url":"b","status":302}],"error":null})"
                    "\n");
  const auto graph = folder.read();
  EXPECT_EQ(graph.redirect(node_of(graph, "a")), node_of(graph, "b"));
  EXPECT_EQ(graph.redirect(node_of(graph, "b")), node_of(graph, "c"));
  EXPECT_EQ(graph.redirects(), 2U);
  EXPECT_EQ(graph.pages(), 1U);
  EXPECT_TRUE(graph.page_of(node_of(graph, "b")).is_known);
}

TEST(link_graph, sees_a_circle_of_redirects) {
  crawl_folder folder;
  folder.pages_text(
      R"({"url":"a","final_url":"a","status":302,"content_type":"","bytes":1,"depth":0,"links":0,"ms":1,)"
      R"("redirects":[{"url":"a","status":302},{"url":"b","status":302}],"error":"redirected in a circle"})"
      "\n");
  const auto graph = folder.read();
  EXPECT_EQ(graph.redirect(node_of(graph, "b")), node_of(graph, "a"));
  EXPECT_TRUE(graph.is_broken(node_of(graph, "b")));
}

TEST(link_graph, complains_of_redirects_that_are_none) {
  for (const char* const redirects : {"1", "[1]", "[{}]", R"([{"url":1}])", R"([{"url":"a\tb"}])"}) {
    crawl_folder folder;
    folder.pages_text(fmt::format(
        R"({{"url":"a","final_url":"c","status":200,"content_type":"","bytes":1,"depth":0,"links":0,"ms":1,"redirects":{},"error":null}})"
        "\n",
        redirects));
    EXPECT_TRUE(folder.complaint().starts_with("DIR/pages.jsonl")) << redirects << ": " << folder.complaint();
  }
}

TEST(link_graph, believes_a_pages_own_line_more_than_that_of_a_redirect) {
  for (const bool own_line_first : {true, false}) {
    crawl_folder folder;
    if (own_line_first) folder.page({.url = "new", .status = 500, .error = "500"});
    folder.page({.url = "old", .final_url = "new", .status = 200});
    if (!own_line_first) folder.page({.url = "new", .status = 500, .error = "500"});
    const link_graph graph = folder.read();
    EXPECT_EQ(graph.page_of(node_of(graph, "new")).status, 500);
    EXPECT_EQ(graph.pages(), 2U);
  }
}

TEST(link_graph, takes_the_last_of_two_lines_of_a_url) {
  crawl_folder folder;
  folder.page({.url = "a", .status = 500, .error = "500"}).page({.url = "a", .status = 200});
  const link_graph graph = folder.read();
  EXPECT_EQ(graph.page_of(0).status, 200);
  EXPECT_EQ(graph.pages(), 1U);
}

TEST(link_graph, knows_what_is_broken) {
  crawl_folder folder;
  folder.page({.url = "ok"}).page({.url = "gone", .status = 404, .error = "404 Not Found"});
  folder.page({.url = "dead", .status = 0, .error = "cannot connect"});
  folder.page({.url = "to-gone", .final_url = "gone", .status = 301});
  folder.page({.url = "to-ok", .final_url = "ok", .status = 301});
  folder.page({.url = "leaves",
               .final_url = "elsewhere",
               .status = 302,
               .error = "redirected to elsewhere, which is out of scope"});
  folder.page({.url = "disallowed",
               .final_url = "private",
               .status = 302,
               .error = "redirected to private, which robots.txt disallows"});
  folder.page({.url = "round", .final_url = "other-round", .status = 301});
  folder.page({.url = "other-round", .final_url = "round", .status = 301});
  const link_graph graph = folder.read();
  const auto is_broken = [&](std::string_view url) { return graph.is_broken(node_of(graph, url)); };
  for (const auto* url : {"gone", "dead", "to-gone", "round", "other-round"}) EXPECT_TRUE(is_broken(url)) << url;
  for (const auto* url : {"ok", "to-ok", "leaves", "elsewhere", "disallowed", "private"})
    EXPECT_FALSE(is_broken(url)) << url;
}

TEST(link_graph, passes_over_half_a_line_at_the_end_and_says_so) {
  crawl_folder whole;
  whole.page({.url = "a"}).link("a", "b");
  EXPECT_FALSE(whole.read().is_cut());
  crawl_folder links;
  links.page({.url = "a"}).link("a", "b").links_text("a\thttp://ha");
  EXPECT_EQ(links.read().links(), 1U);
  EXPECT_TRUE(links.read().is_cut());
  crawl_folder pages;
  pages.page({.url = "a"}).pages_text("{\"url\":\"b");
  EXPECT_EQ(pages.read().pages(), 1U);
  EXPECT_TRUE(pages.read().is_cut());
}

TEST(link_graph, of_an_empty_crawl_is_empty) {
  const link_graph graph = crawl_folder().read();
  EXPECT_EQ(graph.size(), 0U);
  EXPECT_EQ(graph.links(), 0U);
}

TEST(link_graph, is_the_same_for_many_urls) {
  crawl_folder folder;
  constexpr int count = 5000;
  for (int n = 0; n < count; ++n)
    for (const int step : {1, 7, 1000}) folder.link(fmt::format("u{}", n), fmt::format("u{}", (n + step) % count));
  const link_graph graph = folder.read();
  EXPECT_EQ(graph.size(), static_cast<unsigned>(count));
  EXPECT_EQ(graph.links(), 3U * count);
  const auto targets = urls_of(graph, graph.links_from(node_of(graph, "u4999")));
  EXPECT_EQ((std::set<std::string>(targets.begin(), targets.end())), (std::set<std::string>{"u0", "u6", "u999"}));
}

TEST(link_graph, leaves_no_file_behind) {
  crawl_folder folder;
  folder.link("a", "b");
  const link_graph graph = folder.read();
  std::size_t files = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) files += each.exists() ? 1 : 0;
  EXPECT_EQ(files, 2U);
}

TEST(link_graph, says_which_file_is_missing) {
  crawl_folder folder;
  folder.write();
  std::filesystem::remove(folder.path() + "/links.tsv");
  EXPECT_THROW(static_cast<void>(link_graph::read(folder.path())), hocket::error);
  try {
    static_cast<void>(link_graph::read("/nowhere"));
    FAIL();
  } catch (const hocket::error& problem) {
    EXPECT_STREQ(problem.what(), "cannot open '/nowhere/pages.jsonl': No such file or directory");
  }
}

}  // namespace
