#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/orphans.hpp>

using hocket::graph::find_orphans;
using hocket::testing::crawl_folder;

namespace {

using urls = std::vector<std::string>;

TEST(orphans, are_pages_that_no_other_links_or_is_redirected_to) {
  crawl_folder folder;
  folder.page({.url = "seed"}).page({.url = "linked"}).page({.url = "selfish"}).page({.url = "new"});
  folder.page({.url = "broken", .status = 404, .error = "404"});
  folder.page({.url = "old", .final_url = "new", .status = 301});
  folder.link("seed", "linked").link("selfish", "selfish").link("linked", "old");
  EXPECT_EQ(find_orphans(folder.read(), 10).first, (urls{"seed", "selfish"}));
}

TEST(orphans, of_a_sitemap_are_what_nothing_links_to) {
  crawl_folder folder;
  folder.page({.url = "seed"}).page({.url = "linked"}).link("seed", "linked");
  const auto found = find_orphans(folder.read(), {"linked", "unknown", "seed", "unknown"}, 10);
  EXPECT_EQ(found.count, 2U);
  EXPECT_EQ(found.first, (urls{"unknown", "seed"}));
}

TEST(orphans, are_all_counted_and_listed_as_far_as_asked_for) {
  crawl_folder folder;
  folder.page({.url = "a"}).page({.url = "b"});
  const auto found = find_orphans(folder.read(), 1);
  EXPECT_EQ(found.count, 2U);
  EXPECT_EQ(found.first, (urls{"a"}));
}

}  // namespace
