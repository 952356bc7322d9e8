#include <algorithm>
#include <random>
#include <set>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/components.hpp>

using hocket::graph::components;
using hocket::graph::link_graph;
using hocket::graph::node;
using hocket::graph::strongly_connected_components;
using hocket::testing::crawl_folder;
using hocket::testing::node_of;

namespace {

using parts = std::set<std::set<std::string>>;

parts parts_of(const link_graph& graph) {
  const components found = strongly_connected_components(graph);
  std::vector<std::set<std::string>> sets(found.sizes.size());
  for (node each = 0; each < graph.size(); ++each) sets[found.of[each]].emplace(graph.url(each));
  for (std::size_t n = 0; n < sets.size(); ++n) EXPECT_EQ(sets[n].size(), found.sizes[n]);
  return {sets.begin(), sets.end()};
}

TEST(components, are_what_leads_to_each_other) {
  crawl_folder folder;
  folder.link("a", "b").link("b", "c").link("c", "a").link("c", "d").link("d", "e").link("e", "d").link("e", "f");
  EXPECT_EQ(parts_of(folder.read()), (parts{{"a", "b", "c"}, {"d", "e"}, {"f"}}));
}

TEST(components, of_one_url_each_where_nothing_leads_back) {
  crawl_folder folder;
  folder.link("a", "b").link("a", "c").link("b", "d").link("c", "d").link("d", "d");
  EXPECT_EQ(parts_of(folder.read()), (parts{{"a"}, {"b"}, {"c"}, {"d"}}));
}

TEST(components, take_redirects_for_links) {
  crawl_folder folder;
  folder.page({.url = "a"}).page({.url = "b", .final_url = "a"}).link("a", "b");
  EXPECT_EQ(parts_of(folder.read()), (parts{{"a", "b"}}));
}

TEST(components, lead_from_higher_numbers_to_lower_ones) {
  crawl_folder folder;
  folder.link("a", "b").link("b", "c").link("c", "b").link("a", "d");
  const link_graph graph = folder.read();
  const components found = strongly_connected_components(graph);
  EXPECT_GT(found.of[node_of(graph, "a")], found.of[node_of(graph, "b")]);
  EXPECT_GT(found.of[node_of(graph, "a")], found.of[node_of(graph, "d")]);
}

TEST(components, of_a_long_path_need_no_deep_stack) {
  crawl_folder folder;
  constexpr int count = 200'000;
  for (int n = 0; n < count; ++n) folder.link(fmt::format("{}", n), fmt::format("{}", (n + 1) % count));
  EXPECT_EQ(strongly_connected_components(folder.read()).sizes.size(), 1U);
}

// By reachability, from each to each.
parts slow_parts_of(const link_graph& graph) {
  const node size = graph.size();
  std::vector<std::vector<char>> reaches(size, std::vector<char>(size));
  for (node from = 0; from < size; ++from) {
    reaches[from][from] = 1;
    for (const node to : graph.links_from(from)) reaches[from][to] = 1;
  }
  for (node by = 0; by < size; ++by)
    for (node from = 0; from < size; ++from)
      for (node to = 0; to < size; ++to)
        if (reaches[from][by] && reaches[by][to]) reaches[from][to] = 1;
  parts found;
  for (node each = 0; each < size; ++each) {
    std::set<std::string> part;
    for (node other = 0; other < size; ++other)
      if (reaches[each][other] && reaches[other][each]) part.emplace(graph.url(other));
    found.insert(part);
  }
  return found;
}

TEST(components, are_those_that_reachability_gives) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    crawl_folder folder;
    for (int n = 0; n < 45; ++n) folder.link(fmt::format("{}", random() % 30), fmt::format("{}", random() % 30));
    const link_graph graph = folder.read();
    EXPECT_EQ(parts_of(graph), slow_parts_of(graph));
  }
}

}  // namespace
