#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>

#include <hocket/base/error.hpp>
#include <hocket/graph/crawl_summary.hpp>

using hocket::graph::read_summary;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

TEST(crawl_summary, has_the_time_and_what_was_not_fetched) {
  const temporary_directory folder;
  write_file(folder / "summary.json", R"({"pages": 3, "seconds": 1.5, "skipped": {"scope": 7, "depth": 2}})");
  const auto summary = read_summary(folder.path());
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->seconds, 1.5);
  EXPECT_EQ(summary->skipped, (std::map<std::string, std::uint64_t>{{"depth", 2}, {"scope", 7}}));
}

TEST(crawl_summary, is_not_there_while_the_crawl_goes_on) { EXPECT_FALSE(read_summary(temporary_directory().path())); }

TEST(crawl_summary, that_is_something_else_is_refused) {
  const temporary_directory folder;
  for (const auto* text :
       {"", "[]", "{}", R"({"seconds": "1", "skipped": {}})", R"({"seconds": 1, "skipped": {"a": -1}})"}) {
    write_file(folder / "summary.json", text);
    EXPECT_THROW(static_cast<void>(read_summary(folder.path())), hocket::error) << text;
  }
}

}  // namespace
