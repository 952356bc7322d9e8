#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/crawl/text_set.hpp>

namespace {

using hocket::crawl::text_set;
using namespace std::string_view_literals;

TEST(text_set, numbers_distinct_texts_in_the_order_in_which_they_come) {
  text_set texts;
  EXPECT_FALSE(texts.contains("a"));
  EXPECT_EQ(texts.insert("a"), std::pair(std::size_t{0}, true));
  EXPECT_EQ(texts.insert(""), std::pair(std::size_t{1}, true));
  EXPECT_EQ(texts.insert("a"), std::pair(std::size_t{0}, false));
  EXPECT_EQ(texts.insert("a\0"sv), std::pair(std::size_t{2}, true));
  EXPECT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[0], "a");
  EXPECT_EQ(texts[1], "");
  EXPECT_EQ(texts[2], "a\0"sv);
  EXPECT_TRUE(texts.contains(""));
  EXPECT_FALSE(texts.contains("b"));
}

TEST(text_set, keeps_texts_of_all_lengths_apart_and_where_they_are) {
  for (const std::uint64_t seed : {0U, 1U, 77U}) {
    text_set texts(seed);
    std::unordered_map<std::string, std::string_view> known;
    for (std::size_t n = 0; n < 20'000; ++n) {
      std::string text =
          std::string(n % 40, 'x') + std::to_string(n / 2);  // each second one is known, or not, by its length
      if (n % 5'000 == 0) text.resize(40'000, 'y');          // more than a block
      const auto [place, is_new] = known.try_emplace(text);
      const auto [number, is_new_here] = texts.insert(text);
      ASSERT_EQ(is_new_here, is_new) << text;
      if (is_new) place->second = texts[number];
    }
    EXPECT_EQ(texts.size(), known.size());
    for (const auto& [text, kept] : known) {
      ASSERT_EQ(text, kept);
      ASSERT_TRUE(texts.contains(text));
      ASSERT_FALSE(texts.contains(text + "z"));
    }
  }
}

TEST(text_set, begins_anew_when_it_is_cleared) {
  text_set texts;
  for (const std::size_t count : {3U, 5'000U, 2U, 0U, 300U}) {
    for (std::size_t n = 0; n < count; ++n) ASSERT_EQ(texts.insert(std::to_string(n)), std::pair(n, true));
    EXPECT_EQ(texts.size(), count);
    texts.clear();
    EXPECT_EQ(texts.size(), 0U);
    EXPECT_FALSE(texts.contains("0"));
  }
}

}  // namespace
