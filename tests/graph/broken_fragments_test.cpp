#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/analysis.hpp>
#include <hocket/graph/broken_fragments.hpp>
#include <hocket/graph/report.hpp>

using hocket::graph::find_broken_fragments;
using hocket::testing::crawl_folder;
using hocket::testing::write_file;

namespace {

/// A crawl of pages a, b (an image), gone and old (redirected to a).
void fill(crawl_folder& folder, const std::string& anchors, const std::string& fragments) {
  folder.page({.url = "a"}).page({.url = "b", .content_type = "image/png"});
  folder.page({.url = "gone", .status = 404, .error = "404"}).page({.url = "old", .final_url = "a"});
  folder.link("a", "out");
  folder.write();
  if (!anchors.empty()) write_file(folder.path() + "/anchors.tsv", "page_url\tanchor\n" + anchors);
  write_file(folder.path() + "/fragments.tsv", "source_url\tparsed_url\tfragment\n" + fragments);
}

std::vector<std::string> broken(const std::string& anchors, const std::string& fragments) {
  crawl_folder folder;
  fill(folder, anchors, fragments);
  const auto graph = folder.read();
  std::vector<std::string> found;
  for (const auto& each : find_broken_fragments(graph, folder.path(), 100)->first)
    found.push_back(fmt::format("{} {}#{}", graph.url(each.page), graph.url(each.target), each.fragment));
  return found;
}

using texts = std::vector<std::string>;

TEST(broken_fragments, name_no_place_of_their_page) {
  EXPECT_EQ(broken("a\tx\n", "a\ta\tx\na\ta\ty\nb\ta\tz\n"), (texts{"a a#y", "b a#z"}));
}

TEST(broken_fragments, are_looked_up_as_written_and_decoded) {
  EXPECT_EQ(broken("a\ta%20b\na\t%C3%A4\n", "a\ta\ta%20b\na\ta\ta%2520b\na\ta\t%c3%a4\na\ta\t%C3%A4\n"),
            (texts{"a a#a%2520b"}));
  EXPECT_EQ(broken("a\tc%2520d\n", "a\ta\tc%2520d\n"), texts{});
  EXPECT_EQ(broken("a\tc%2520d\n", "a\ta\tc%20d\n"), texts{});
}

TEST(broken_fragments, are_told_of_the_end_of_redirects) {
  EXPECT_EQ(broken("a\tx\n", "a\told\tx\na\told\ty\n"), (texts{"a old#y"}));
}

TEST(broken_fragments, are_not_told_of_what_was_not_read_as_html) {
  EXPECT_EQ(broken("", "a\tb\tx\na\tgone\tx\na\tout\tx\na\tunknown\tx\n"), texts{});
}

TEST(broken_fragments, of_pages_without_any_place_are_all) { EXPECT_EQ(broken("", "a\ta\tx\n"), (texts{"a a#x"})); }

TEST(broken_fragments, are_counted_and_listed_as_far_as_asked_for) {
  crawl_folder folder;
  fill(folder, "a\tx\n", "a\ta\tx\na\ta\ty\na\ta\tz\na\tgone\tz\n");
  const auto found = find_broken_fragments(folder.read(), folder.path(), 1);
  EXPECT_EQ(found->checked, 3U);
  EXPECT_EQ(found->count, 2U);
  EXPECT_EQ(found->first.size(), 1U);
}

TEST(broken_fragments, are_nothing_if_the_crawl_did_not_look) {
  crawl_folder folder;
  EXPECT_FALSE(find_broken_fragments(folder.read(), folder.path(), 1));
}

TEST(broken_fragments, name_the_line_that_is_broken) {
  for (const auto* line : {"a\ta\n", "a\ta\tx\ty\n", "a\t\tx\n", "\n"}) {
    crawl_folder folder;
    fill(folder, "a\tx\n", "a\ta\tx\n" + std::string(line));
    try {
      static_cast<void>(find_broken_fragments(folder.read(), folder.path(), 1));
      FAIL() << line;
    } catch (const hocket::error& problem) {
      EXPECT_TRUE(std::string(problem.what()).starts_with(folder.path() + "/fragments.tsv:3: has a")) << problem.what();
    }
  }
}

TEST(broken_fragments, are_shown) {
  crawl_folder folder;
  fill(folder, "", "a\ta\tx<\n");
  const auto graph = folder.read();
  auto found = analyse(graph);
  found.broken_fragments = find_broken_fragments(graph, folder.path(), 10);
  EXPECT_TRUE(analysis_text(found, graph).ends_with("\nBroken fragments: 1 of 1\n  a#x<\n    on a\n"));
  EXPECT_NE(analysis_json(found, graph).find("\"fragment\": \"x<\""), std::string::npos);
  const std::string html = report_html(graph, {.fragments = found.broken_fragments});
  EXPECT_NE(html.find("<tr><td>a</td><td>#x&lt;</td><td>a</td></tr>"), std::string::npos);
}

}  // namespace
