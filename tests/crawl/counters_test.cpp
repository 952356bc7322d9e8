#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <hocket/crawl/counters.hpp>

using hocket::crawl::counters;

namespace {

TEST(counters, count_each_thing_of_each_kind_by_itself) {
  counters all(1);
  EXPECT_EQ(all.add('a', "x"), 1U);
  EXPECT_EQ(all.add('a', "x"), 2U);
  EXPECT_EQ(all.add('a', "y"), 1U);
  EXPECT_EQ(all.add('b', "x"), 1U);
}

TEST(counters, are_exact_while_there_is_room) {
  counters all(1);
  for (int round = 1; round <= 3; ++round)
    for (int n = 0; n < 30'000; ++n) ASSERT_EQ(all.add('a', std::to_string(n)), static_cast<std::uint64_t>(round));
}

TEST(counters, take_no_more_memory_than_they_may) {
  counters all(1, 1 << 16);
  for (int n = 0; n < 100'000; ++n) EXPECT_LE(all.add('a', std::to_string(n)), 1U);
  EXPECT_LE(all.held_bytes(), std::size_t{1} << 16);
}

TEST(counters, do_not_forget_what_is_met_again_and_again_among_many_that_are_met_once) {
  counters all(1, 1 << 16);
  std::uint64_t last = 0;
  for (int n = 0; n < 100'000; ++n) {
    EXPECT_LE(all.add('a', std::to_string(n)), 1U);
    if (n % 20 == 0) last = all.add('b', "calendar");
  }
  EXPECT_EQ(last, 5000U);
}

TEST(counters, are_restored_from_what_they_have_told) {
  std::map<std::uint64_t, std::uint64_t> told;
  counters before(1);
  before.tell([&told](std::uint64_t name, std::uint64_t count) { told[name] = count; });
  for (int n = 0; n < 3; ++n) before.add('a', "x");
  counters after(1);
  for (const auto& [name, count] : told) after.restore(name, count);
  EXPECT_EQ(after.add('a', "x"), 4U);
}

}  // namespace
