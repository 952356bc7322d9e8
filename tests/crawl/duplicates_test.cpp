#include <cstdint>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include <hocket/crawl/duplicates.hpp>

using hocket::crawl::content_digest;
using hocket::crawl::counters;
using hocket::crawl::duplicates;

namespace {

TEST(content_digest, is_the_same_however_the_content_is_cut) {
  const std::string text = "what stands on a page that comes in pieces, of which some are longer than others";
  content_digest whole(7);
  whole.feed(text);
  for (std::size_t one = 0; one <= text.size(); ++one)
    for (std::size_t other = one; other <= text.size(); ++other) {
      content_digest pieces(7);
      pieces.feed(std::string_view(text).substr(0, one));
      pieces.feed(std::string_view(text).substr(one, other - one));
      pieces.feed(std::string_view(text).substr(other));
      EXPECT_EQ(pieces.value(), whole.value()) << one << ' ' << other;
    }
}

TEST(content_digest, tells_contents_apart) {
  const auto digest = [](const std::string& text) {
    content_digest made(7);
    made.feed(text);
    return made.value();
  };
  EXPECT_NE(digest("a page"), digest("a Page"));
  EXPECT_NE(digest(""), digest(std::string(1, '\0')));
  EXPECT_NE(digest(std::string(8, '\0')), digest(std::string(16, '\0')));
  EXPECT_NE(digest("one word two word three wo"), digest("two word one word three wo"));
}

TEST(content_digest, is_not_the_same_for_halves_exchanged_by_the_known_constant) {
  const auto digest = [](std::uint64_t seed, std::uint64_t one, std::uint64_t other) {
    std::string text(64, 'x');
    std::memcpy(text.data(), &one, sizeof one);
    std::memcpy(text.data() + sizeof one, &other, sizeof other);
    content_digest made(seed);
    made.feed(text);
    return made.value();
  };
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15, one = 0x6f7720656e6f2061, other = 0x6f77206f77742061;
  for (const std::uint64_t seed : {0, 1, 7}) EXPECT_NE(digest(seed, one, other), digest(seed, other ^ odd, one ^ odd));
}

TEST(duplicates, are_too_many_from_the_one_after_the_last_allowed) {
  counters counts(7);
  duplicates counted(2, counts);
  content_digest page = counted.begin();
  page.feed("the same");
  EXPECT_FALSE(counted.are_too_many(page));
  EXPECT_FALSE(counted.are_too_many(page));
  EXPECT_TRUE(counted.are_too_many(page));
  EXPECT_FALSE(counted.are_too_many(counted.begin()));
}

TEST(duplicates, of_any_number_are_allowed_if_none_are_counted) {
  counters counts(7);
  duplicates counted(0, counts);
  for (int n = 0; n < 10; ++n) EXPECT_FALSE(counted.are_too_many(counted.begin()));
}

}  // namespace
