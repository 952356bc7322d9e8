#include <gtest/gtest.h>

#include <hocket/base/grouped.hpp>

using hocket::grouped;

namespace {

TEST(grouped, puts_a_comma_before_each_three_digits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(123456), "123,456");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
