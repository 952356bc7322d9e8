#include <map>
#include <set>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/drawing.hpp>

using hocket::graph::draw;
using hocket::graph::drawing;
using hocket::testing::crawl_folder;

namespace {

std::set<std::string> names_of(const drawing& picture) {
  std::set<std::string> names;
  for (const auto& each : picture.points) names.insert(each.name);
  return names;
}

/// "from to": links.
std::map<std::string, std::uint64_t> lines_of(const drawing& picture) {
  std::map<std::string, std::uint64_t> lines;
  for (const auto& each : picture.lines)
    lines[picture.points[each.from].name + " " + picture.points[each.to].name] = each.links;
  return lines;
}

TEST(drawing, of_a_small_graph_shows_all_of_it) {
  crawl_folder folder;
  folder.page({.url = "a"}).page({.url = "gone", .status = 404, .error = "404"});
  folder.page({.url = "old", .final_url = "a", .status = 301});
  folder.link("a", "gone").link("a", "old").link("a", "a").link("a", "out");
  const drawing picture = draw(folder.read());
  EXPECT_EQ(picture.shows, drawing::content::all_urls);
  EXPECT_EQ(picture.all_points, 4U);
  EXPECT_EQ(lines_of(picture),
            (std::map<std::string, std::uint64_t>{{"a gone", 1}, {"a old", 1}, {"a out", 1}, {"old a", 1}}));
  std::map<std::string, drawing::state> states;
  for (const auto& each : picture.points) states[each.name] = each.what;
  using enum drawing::state;
  EXPECT_EQ(states, (std::map<std::string, drawing::state>{
                        {"a", fetched}, {"gone", broken}, {"old", redirected}, {"out", not_fetched}}));
}

TEST(drawing, of_many_hosts_shows_hosts) {
  crawl_folder folder;
  for (int host = 0; host < 5; ++host)
    for (int page = 0; page <= host; ++page) {
      const std::string url = fmt::format("http://{}/{}", host, page);
      folder.page({.url = url, .status = host == 1 ? 404 : 200, .error = host == 1 ? "404" : ""});
      folder.link(url, "http://4/0").link(url, "http://outside/");
    }
  const drawing picture = draw(folder.read(), {.max_points = 6});
  EXPECT_EQ(picture.shows, drawing::content::hosts);
  EXPECT_EQ(picture.points.front().name, "4");
  EXPECT_EQ(picture.points.front().urls, 5U);
  EXPECT_EQ(names_of(picture), (std::set<std::string>{"0", "1", "2", "3", "4", "outside"}));
  EXPECT_EQ(lines_of(picture)["3 4"], 4U);
  EXPECT_FALSE(lines_of(picture).contains("4 4"));
  for (const auto& each : picture.points) {
    if (each.name == "1") EXPECT_EQ(each.what, drawing::state::broken);
    if (each.name == "outside") EXPECT_EQ(each.what, drawing::state::not_fetched);
  }
}

TEST(drawing, of_many_pages_of_few_hosts_shows_the_pages_of_highest_rank) {
  crawl_folder folder;
  for (int page = 0; page < 20; ++page) {
    folder.page({.url = fmt::format("http://a/{}", page)});
    folder.link(fmt::format("http://a/{}", page), fmt::format("http://a/{}", page % 3))
        .link("http://a/0", "http://out/");
  }
  const drawing picture = draw(folder.read(), {.max_points = 3});
  EXPECT_EQ(picture.shows, drawing::content::highest_ranks);
  EXPECT_EQ(names_of(picture), (std::set<std::string>{"http://a/0", "http://a/1", "http://a/2"}));
  EXPECT_EQ(picture.all_points, 21U);
}

TEST(drawing, keeps_the_lines_that_stand_for_most_links) {
  crawl_folder folder;
  for (int host = 0; host < 6; ++host)
    for (int page = 0; page <= host; ++page) {
      folder.page({.url = fmt::format("http://{}/{}", host, page)});
      folder.link(fmt::format("http://{}/{}", host, page), "http://0/0");
    }
  const drawing picture = draw(folder.read(), {.max_points = 6, .max_lines = 2});
  EXPECT_EQ(lines_of(picture), (std::map<std::string, std::uint64_t>{{"5 0", 6}, {"4 0", 5}}));
}

TEST(drawing, has_a_caption) {
  crawl_folder folder;
  folder.page({.url = "http://a/"}).page({.url = "http://a/b"}).link("http://a/", "http://a/b");
  EXPECT_EQ(caption_of(draw(folder.read())), "All 2 URLs; larger ones have a higher PageRank.");
  EXPECT_EQ(caption_of(draw(folder.read(), {.max_points = 1})), "The 1 pages of highest PageRank, of 2 URLs.");
}

}  // namespace
