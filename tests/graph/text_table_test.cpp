#include <fmt/format.h>
#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>

#include <hocket/graph/text_table.hpp>

using hocket::graph::text_table;
using hocket::testing::temporary_directory;

namespace {

TEST(text_table, numbers_texts_in_the_order_in_which_they_come) {
  const temporary_directory folder;
  text_table texts(folder.path(), 0);
  EXPECT_EQ(texts.insert("b"), 0U);
  EXPECT_EQ(texts.insert(""), 1U);
  EXPECT_EQ(texts.insert("a"), 2U);
  EXPECT_EQ(texts.insert("b"), 0U);
  EXPECT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[0], "b");
  EXPECT_EQ(texts[1], "");
  EXPECT_EQ(texts[2], "a");
}

TEST(text_table, finds_what_is_in_it_and_nothing_else) {
  const temporary_directory folder;
  text_table texts(folder.path(), 0);
  texts.insert("a");
  EXPECT_EQ(texts.find("a"), 0U);
  EXPECT_EQ(texts.find("aa"), std::nullopt);
  EXPECT_EQ(texts.find(""), std::nullopt);
}

TEST(text_table, has_all_of_many_texts) {
  const temporary_directory folder;
  text_table texts(folder.path(), 42);
  for (unsigned n = 0; n < 20'000; ++n) ASSERT_EQ(texts.insert(fmt::format("text {}", n)), n);
  for (unsigned n = 0; n < 20'000; ++n) ASSERT_EQ(texts.find(fmt::format("text {}", n)), n);
}

}  // namespace
