#include <gtest/gtest.h>

#include <hocket/loop/loop.hpp>
#include <hocket/loop/random_source.hpp>

using hocket::random_source;

namespace {

TEST(random_source, gives_the_numbers_of_xoshiro256_starstar_seeded_by_splitmix64) {
  random_source zero(0);
  EXPECT_EQ(zero(), 0x99ec5f36cb75f2b4U);
  EXPECT_EQ(zero(), 0xbf6e1f784956452aU);
  EXPECT_EQ(zero(), 0x1a5f849d4933e6e0U);
}

TEST(random_source, gives_the_same_numbers_for_the_seed_that_it_tells) {
  random_source one(random_source::unforeseeable_seed());
  random_source other(one.seed());
  for (int n = 0; n < 10; ++n) EXPECT_EQ(one(), other());
}

TEST(random_source, is_seeded_by_the_system_unless_the_loop_is_given_a_seed) {
  EXPECT_EQ(hocket::loop({.seed = 7}).random().seed(), 7U);
  EXPECT_NE(hocket::loop().random().seed(), hocket::loop().random().seed());
}

}  // namespace
