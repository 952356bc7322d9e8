#include <string>

#include <graph/crawl_folder.hpp>
#include <gtest/gtest.h>

#include <hocket/graph/crawl_index.hpp>
#include <hocket/graph/line_reader.hpp>

using hocket::graph::crawl_index;
using hocket::testing::crawl_folder;
using hocket::testing::write_file;
using file = hocket::graph::crawl_index::file;

namespace {

void fill(crawl_folder& folder) {
  folder.page({.url = "a", .etag = "1"}).page({.url = "b"}).page({.url = "c", .final_url = "d", .etag = "2"});
  folder.link("a", "b").link("a", "c").link("b", "a").link("d", "a");
  folder.write();
}

TEST(crawl_index, knows_the_pages_that_a_server_can_be_asked_about) {
  crawl_folder folder;
  fill(folder);
  const auto index = crawl_index::read(folder.path());
  ASSERT_TRUE(index.find("a"));
  EXPECT_EQ(index.state_of(*index.find("a")).etag, "\"1\"");
  EXPECT_EQ(index.state_of(*index.find("a")).last_modified, "");
  EXPECT_FALSE(index.find("b"));
  EXPECT_FALSE(index.find("c"));  // what is sent is at d
  ASSERT_TRUE(index.find("d"));
  EXPECT_EQ(index.state_of(*index.find("d")).etag, "\"2\"");
}

TEST(crawl_index, gives_the_lines_of_a_page) {
  crawl_folder folder;
  fill(folder);
  write_file(folder.path() + "/resources.tsv", "source_url\tparsed_url\tkind\nb\tx\timg\nd\ty\timg\nd\tz\tcss\n");
  const auto index = crawl_index::read(folder.path());
  EXPECT_EQ(index.lines_of(*index.find("a"), file::links), "a\tb\na\tc\n");
  EXPECT_EQ(index.lines_of(*index.find("d"), file::links), "d\ta\n");
  EXPECT_EQ(index.lines_of(*index.find("d"), file::resources), "d\ty\timg\nd\tz\tcss\n");
  EXPECT_EQ(index.lines_of(*index.find("a"), file::resources), "");
  EXPECT_TRUE(index.lines_of(*index.find("d"), file::pages).starts_with(R"({"url":"c","final_url":"d",)"));
  EXPECT_TRUE(index.lines_of(*index.find("d"), file::pages).ends_with("}\n"));
}

TEST(crawl_index, knows_which_files_there_are) {
  crawl_folder folder;
  fill(folder);
  write_file(folder.path() + "/fragments.tsv", "source_url\tparsed_url\tfragment\n");
  const auto index = crawl_index::read(folder.path());
  EXPECT_TRUE(index.has(file::fragments));
  EXPECT_FALSE(index.has(file::resources));
}

TEST(crawl_index, leaves_out_what_failed) {
  crawl_folder folder;
  folder.page({.url = "a", .status = 404, .error = "404", .etag = "1"})
      .page({.url = "b", .error = "too large", .etag = "1"});
  folder.write();
  const auto index = crawl_index::read(folder.path());
  EXPECT_FALSE(index.find("a"));
  EXPECT_FALSE(index.find("b"));
}

TEST(crawl_index, leaves_out_pages_whose_rows_stand_apart) {
  crawl_folder folder;
  folder.page({.url = "a", .etag = "1"}).page({.url = "b", .etag = "1"}).link("a", "x").link("b", "x").link("a", "y");
  folder.write();
  const auto index = crawl_index::read(folder.path());
  EXPECT_FALSE(index.find("a"));
  EXPECT_TRUE(index.find("b"));
}

TEST(crawl_index, reads_what_it_has_opened_when_other_files_stand_there) {
  crawl_folder folder;
  fill(folder);
  const auto index = crawl_index::read(folder.path());
  ASSERT_EQ(::rename((folder.path() + "/pages.jsonl").c_str(), (folder.path() + "/links.tsv").c_str()), 0);
  EXPECT_EQ(index.lines_of(*index.find("a"), file::links), "a\tb\na\tc\n");
}

TEST(crawl_index, complains_of_a_folder_without_a_crawl) {
  const crawl_folder folder;
  EXPECT_THROW(static_cast<void>(crawl_index::read(folder.path())), hocket::error);
}

TEST(crawl_index, finds_lines_beyond_what_is_read_at_once) {
  crawl_folder folder;
  const std::string filler(100'000, 'x');
  for (int n = 0; n < 30; ++n) folder.link("b", filler + std::to_string(n));
  folder.page({.url = "a", .etag = "1"}).link("a", "y");
  folder.write();
  const auto index = crawl_index::read(folder.path());
  EXPECT_EQ(index.lines_of(*index.find("a"), file::links), "a\ty\n");
}

}  // namespace
