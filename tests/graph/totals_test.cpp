#include <map>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/totals.hpp>

using hocket::testing::crawl_folder;

namespace {

TEST(totals, count_the_lines_of_pages_and_not_the_ends_of_redirects) {
  crawl_folder folder;
  folder.page({.url = "a", .depth = 0, .milliseconds = 5, .bytes = 100});
  folder.page({.url = "b", .status = 404, .error = "404", .depth = 1, .milliseconds = 7, .bytes = 1});
  folder.page({.url = "c", .final_url = "d", .depth = 1, .milliseconds = 1, .bytes = 10});
  folder.page({.url = "e", .status = 0, .error = "cannot connect", .depth = 2, .bytes = 0});
  folder.link("a", "z");
  const auto sum = totals_of(folder.read());
  EXPECT_EQ(sum.pages, 4U);
  EXPECT_EQ(sum.ok, 2U);
  EXPECT_EQ(sum.failed, 2U);
  EXPECT_EQ(sum.bytes, 111U);
  EXPECT_EQ(sum.milliseconds, 14U);
  EXPECT_EQ(sum.statuses, (std::map<std::uint16_t, std::uint64_t>{{0, 1}, {200, 2}, {404, 1}}));
  EXPECT_EQ(sum.depths, (std::map<std::uint32_t, std::uint64_t>{{0, 1}, {1, 2}, {2, 1}}));
}

}  // namespace
