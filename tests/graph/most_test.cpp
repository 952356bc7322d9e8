#include <vector>

#include <gtest/gtest.h>

#include <hocket/graph/most.hpp>

using hocket::graph::most;
using hocket::graph::node;

namespace {

std::vector<node> most_of(const std::vector<int>& values, std::size_t count) {
  return most(static_cast<node>(values.size()), count, [&](node each) { return values[each]; });
}

using nodes = std::vector<node>;

TEST(most, gives_the_highest_first) { EXPECT_EQ(most_of({3, 9, 1, 7, 5}, 3), (nodes{1, 3, 4})); }
TEST(most, gives_the_lower_number_of_equals) { EXPECT_EQ(most_of({5, 7, 7, 5, 7, 5}, 4), (nodes{1, 2, 4, 0})); }
TEST(most, leaves_out_what_has_no_value) { EXPECT_EQ(most_of({0, 2, 0}, 3), (nodes{1})); }
TEST(most, of_none_is_nothing) { EXPECT_EQ(most_of({1, 2}, 0), nodes{}); }

}  // namespace
