#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/digest_set.hpp>

using hocket::wide_text_hash;
using hocket::crawl::digest_set;

namespace {

std::uint64_t digest_of(int number) { return wide_text_hash("http://a/page-" + std::to_string(number), 7); }

TEST(digest_set, knows_what_was_inserted_and_nothing_else) {
  digest_set all;
  EXPECT_FALSE(all.contains(digest_of(0)));
  for (int n = 0; n < 200'000; n += 2) EXPECT_TRUE(all.insert(digest_of(n)));
  for (int n = 0; n < 200'000; ++n) EXPECT_EQ(all.contains(digest_of(n)), n % 2 == 0);
  for (int n = 0; n < 200'000; n += 2) EXPECT_FALSE(all.insert(digest_of(n)));
  EXPECT_EQ(all.size(), 100'000U);
}

TEST(digest_set, has_a_place_for_each_number) {
  digest_set all;
  for (const std::uint64_t digest : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{2}}) {
    EXPECT_TRUE(all.insert(digest));
    EXPECT_FALSE(all.insert(digest));
  }
  for (std::uint64_t n = 1; n < 100; ++n) EXPECT_TRUE(all.insert(~n));  // all want the last places of one part
  for (std::uint64_t n = 1; n < 100; ++n) EXPECT_TRUE(all.contains(~n));
}

TEST(digest_set, takes_ten_bytes_for_each_or_so_however_many_they_are) {
  digest_set all;
  for (int n = 0; n < 400'000; ++n) {
    all.insert(digest_of(n));
    if (n % 10'000 != 9'999) continue;
    const double each = static_cast<double>(all.held_bytes()) / static_cast<double>(all.size());
    EXPECT_LT(each, n < 50'000 ? 13 : 11.5) << n;
  }
}

}  // namespace
