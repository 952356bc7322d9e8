#include <cstdint>

#include <gtest/gtest.h>

#include <hocket/crawl_rocksdb/detail/recent_digests.hpp>

using hocket::crawl::detail::recent_digests;
using answer = recent_digests::answer;

namespace {

// Well mixed, as digests are.
std::uint64_t digest(std::uint64_t number) { return (number + 1) * 0x9e3779b97f4a7c15; }

TEST(recent_digests, as_long_as_it_may_grow_it_knows_all_and_nothing_else) {
  recent_digests seen(std::size_t{1} << 20);
  for (std::uint64_t n = 0; n < 10'000; ++n) seen.insert(digest(n));
  for (std::uint64_t n = 0; n < 10'000; ++n) ASSERT_EQ(seen.look_up(digest(n)), answer::known);
  for (std::uint64_t n = 10'000; n < 20'000; ++n) ASSERT_NE(seen.look_up(digest(n)), answer::known);
}

TEST(recent_digests, what_was_displaced_may_have_been_there) {
  recent_digests seen(std::size_t{1} << 12);  // 512 of them
  for (std::uint64_t n = 0; n < 10'000; ++n) seen.insert(digest(n));
  for (std::uint64_t n = 0; n < 10'000; ++n) ASSERT_NE(seen.look_up(digest(n)), answer::unknown);
  EXPECT_EQ(seen.look_up(digest(9'999)), answer::known);
}

TEST(recent_digests, nothing_is_certainly_new_where_some_were_left_out) {
  recent_digests seen(std::size_t{1} << 12);
  EXPECT_EQ(seen.look_up(0), answer::unknown);
  seen.know_not_all();
  EXPECT_EQ(seen.look_up(0), answer::perhaps);
  seen.insert(0);
  EXPECT_EQ(seen.look_up(0), answer::known);
}

}  // namespace
