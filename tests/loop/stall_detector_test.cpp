#include <chrono>

#include <gtest/gtest.h>

#include <hocket/loop/stall_detector.hpp>

using namespace std::chrono_literals;
using hocket::detail::stall_detector;

TEST(stall_detector, finds_a_turn_once_it_has_lasted_its_limit_for_certain) {
  stall_detector looks(100ms);
  for (int n = 0; n < 4; ++n) EXPECT_FALSE(looks.look(7));
  EXPECT_EQ(looks.look(7), 100ms);
  EXPECT_EQ(looks.look(7), 125ms);
}

TEST(stall_detector, begins_anew_with_each_turn) {
  stall_detector looks(100ms);
  for (int n = 0; n < 100; ++n) EXPECT_FALSE(looks.look(static_cast<std::uint64_t>(1 + n / 4)));
}

TEST(stall_detector, finds_nothing_while_no_turn_is_under_way) {
  stall_detector looks(100ms);
  for (int n = 0; n < 100; ++n) EXPECT_FALSE(looks.look(0));
}

TEST(stall_detector, looks_a_thousand_times_a_second_at_most) { EXPECT_EQ(stall_detector(1ns).interval(), 1ms); }
