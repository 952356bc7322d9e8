#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/green/sleep.hpp>
#include <hocket/green/spawn.hpp>
#include <hocket/green/stack.hpp>
#include <hocket/testing/test.hpp>

namespace green = hocket::green;
using hocket::coro;

namespace {

TEST(green_stack, has_at_least_the_size_that_was_asked_for) {
  const green::stack made = green::stack::of_size(100'001);
  EXPECT_GE(made.memory().size(), 100'001U);
  std::memset(made.memory().data(), 1, made.memory().size());
  EXPECT_EQ(made.resident(), made.memory().size());
}

TEST(green_stack, is_used_again) {
  const std::byte* first = nullptr;
  {
    const green::stack made = green::stack::of_size(123'456);
    first = made.memory().data();
  }
  const green::stack again = green::stack::of_size(123'456);
  EXPECT_EQ(again.memory().data(), first);
}

TEST(green_stack, the_pool_keeps_a_bounded_number) {
  {
    std::vector<green::stack> many;
    for (int n = 0; n < 1000; ++n) many.push_back(green::stack::of_size(64 * 1024));
    EXPECT_EQ(green::stacks_here().in_use, 1000U);
  }
  EXPECT_EQ(green::stacks_here().in_use, 0U);
  EXPECT_LE(green::stacks_here().pooled, 256U);
}

HOCKET_TEST(green_stack, tells_how_much_was_used_at_most) {
  co_await green::spawn(
      [] {
        std::array<char, 300 * 1024> deep;
        std::memset(deep.data(), 1, deep.size());
        asm volatile("" : : "r"(deep.data()) : "memory");
      },
      {.stack_size = 1024 * 1024});
  EXPECT_GE(green::stacks_here().high_water, 300U * 1024);
  EXPECT_LE(green::stacks_here().high_water, 400U * 1024);
}

[[gnu::noinline]] int dig(int depth) {
  std::array<char, 1024> hole{};
  asm volatile("" : : "r"(hole.data()) : "memory");
  return depth == 0 ? 0 : dig(depth - 1) + hole[static_cast<std::size_t>(depth) % hole.size()];
}

#ifndef HOCKET_SANITIZED  // which tell it in their own way
TEST(green_stack_death, an_overflow_names_the_green_thread_and_the_way_out) {
  const auto overflow = [](std::string_view name) {
    hocket::run([](std::string_view its_name) -> coro<void> {
      co_await green::spawn([] { dig(1'000'000); }, {.name = its_name, .stack_size = 64 * 1024});
    }(name));
  };
  const std::string rest =
      " \\(made at .*stack_test.cpp:[0-9]+\\) has run over the end of its stack of 64 KiB; "
      "give it more by spawn_options::stack_size";
  EXPECT_DEATH(overflow("digger"), "hocket: the green thread 'digger'" + rest);
  EXPECT_DEATH(overflow(""), "hocket: the green thread 'Task-[0-9]+'" + rest);
}
#endif

}  // namespace
