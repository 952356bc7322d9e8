#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/inspect/detail/circles.hpp>

namespace {

using hocket::inspect::detail::circles_of;
using edges = std::vector<std::vector<std::uint32_t>>;

}  // namespace

TEST(circles, are_those_who_reach_each_other) {
  const auto found = circles_of(edges{{1}, {2}, {1, 3}, {4}, {3}, {0, 4}, {6}});
  EXPECT_EQ(found[1], found[2]);
  EXPECT_EQ(found[3], found[4]);
  for (const auto& [one, other] : {std::pair{0, 1}, {1, 3}, {0, 5}, {5, 3}, {6, 0}})
    EXPECT_NE(found[static_cast<std::size_t>(one)], found[static_cast<std::size_t>(other)]) << one << " and " << other;
}

TEST(circles, may_be_long) {
  constexpr std::uint32_t many = 300'000;
  edges ring(many);
  for (std::uint32_t n = 0; n < many; ++n) ring[n].push_back((n + 1) % many);
  EXPECT_EQ(circles_of(ring), std::vector<std::uint32_t>(many, 0));
}
