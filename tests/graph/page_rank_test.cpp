#include <numeric>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/page_rank.hpp>

using hocket::graph::link_graph;
using hocket::graph::page_rank;
using hocket::graph::page_ranks;
using hocket::testing::crawl_folder;
using hocket::testing::node_of;

namespace {

TEST(page_rank, is_the_same_for_all_in_a_circle) {
  crawl_folder folder;
  folder.link("a", "b").link("b", "c").link("c", "a");
  const page_ranks ranks = page_rank(folder.read());
  for (const double rank : ranks.values) EXPECT_NEAR(rank, 1.0 / 3, 1e-9);
  EXPECT_TRUE(ranks.converged);
}

// a -> b: with d = 0.85 and the rank of b, which leads nowhere, given to both: a = (0.15 + 0.85 b) / 2, a + b = 1.
TEST(page_rank, of_a_dead_end_goes_to_all) {
  crawl_folder folder;
  folder.link("a", "b");
  const page_ranks ranks = page_rank(folder.read());
  EXPECT_NEAR(ranks.values[0], 1 / 2.85, 1e-8);
  EXPECT_NEAR(ranks.values[1], 1.85 / 2.85, 1e-8);
}

TEST(page_rank, follows_a_redirect_as_a_link) {
  crawl_folder folder;
  folder.page({.url = "old", .final_url = "new"});
  const link_graph graph = folder.read();
  const page_ranks ranks = page_rank(graph);
  EXPECT_NEAR(ranks.values[node_of(graph, "new")], 1.85 / 2.85, 1e-8);
}

TEST(page_rank, sums_up_to_one) {
  crawl_folder folder;
  for (int n = 0; n < 500; ++n) folder.link(fmt::format("u{}", n), fmt::format("u{}", n * n % 777));
  const page_ranks ranks = page_rank(folder.read());
  EXPECT_NEAR(std::accumulate(ranks.values.begin(), ranks.values.end(), 0.0), 1.0, 1e-9);
}

TEST(page_rank, says_that_it_has_not_converged) {
  crawl_folder folder;
  folder.link("a", "b").link("b", "c");
  const page_ranks ranks = page_rank(folder.read(), {.max_iterations = 2});
  EXPECT_EQ(ranks.iterations, 2U);
  EXPECT_FALSE(ranks.converged);
}

TEST(page_rank, of_nothing_is_nothing) { EXPECT_TRUE(page_rank(crawl_folder().read()).values.empty()); }

}  // namespace
