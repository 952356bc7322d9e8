#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/redirect_chains.hpp>

using hocket::graph::link_graph;
using hocket::graph::redirect_chains;
using hocket::testing::crawl_folder;
using hocket::testing::urls_of;

namespace {

using chains = std::vector<std::vector<std::string>>;

void add_redirect(crawl_folder& folder, std::string_view from, std::string_view to) {
  folder.page({.url = from, .final_url = to, .status = 301});
}

chains chains_of(const crawl_folder& folder, std::size_t hops, std::size_t count = 100) {
  const link_graph graph = folder.read();
  chains found;
  for (const auto& each : redirect_chains(graph, hops, count)) found.push_back(urls_of(graph, each.urls));
  return found;
}

TEST(redirect_chains, are_followed_to_their_end) {
  crawl_folder folder;
  add_redirect(folder, "b", "c");
  add_redirect(folder, "a", "b");
  add_redirect(folder, "x", "y");
  EXPECT_EQ(chains_of(folder, 1), (chains{{"a", "b", "c"}, {"x", "y"}}));
}

TEST(redirect_chains, of_fewer_hops_are_left_out) {
  crawl_folder folder;
  add_redirect(folder, "a", "b");
  add_redirect(folder, "b", "c");
  add_redirect(folder, "x", "y");
  EXPECT_EQ(chains_of(folder, 2), (chains{{"a", "b", "c"}}));
}

TEST(redirect_chains, end_where_a_circle_closes) {
  crawl_folder folder;
  add_redirect(folder, "in", "a");
  add_redirect(folder, "a", "b");
  add_redirect(folder, "b", "a");
  EXPECT_EQ(chains_of(folder, 1), (chains{{"in", "a", "b", "a"}}));
}

TEST(redirect_chains, have_each_circle_once) {
  crawl_folder folder;
  add_redirect(folder, "a", "b");
  add_redirect(folder, "b", "c");
  add_redirect(folder, "c", "a");
  EXPECT_EQ(chains_of(folder, 1), (chains{{"a", "b", "c", "a"}}));
  EXPECT_TRUE(redirect_chains(folder.read(), 1, 1).front().is_circle);
}

TEST(redirect_chains, are_no_more_than_asked_for_and_no_longer_than_anybody_follows) {
  crawl_folder folder;
  for (int n = 0; n < 200; ++n) add_redirect(folder, fmt::format("{}", n), fmt::format("{}", n + 1));
  add_redirect(folder, "x", "y");
  EXPECT_EQ(chains_of(folder, 1, 1).size(), 1U);
  EXPECT_EQ(chains_of(folder, 1).front().size(), 51U);
}

}  // namespace
