#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include <hocket/base/arena.hpp>
#include <hocket/loop/context.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace {

using hocket::context;

constexpr int key = 0;

void set(context& in, int value) { in.set(&key, std::make_shared<const int>(value)); }
int value_in(const context& here) {
  const auto* found = here.find(&key);
  return found == nullptr ? 0 : *static_cast<const int*>(found->get());
}

TEST(context, is_empty_until_something_is_set) {
  context one;
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(one.find(&key), nullptr);
  set(one, 1);
  EXPECT_FALSE(one.empty());
}

TEST(context, does_not_notice_what_is_set_in_a_copy) {
  context one;
  set(one, 1);
  context two = one;
  set(two, 2);
  EXPECT_EQ(value_in(one), 1);
  EXPECT_EQ(value_in(two), 2);
}

TEST(context, leaves_a_copy_what_it_had) {
  context one;
  set(one, 1);
  const context two = one;
  set(one, 2);
  EXPECT_EQ(value_in(two), 1);
}

TEST(context, is_copied_without_memory) {
  context one;
  set(one, 1);
  const long before = hocket::arena::live_blocks();
  const context two = one;
  EXPECT_EQ(hocket::arena::live_blocks(), before);
  EXPECT_EQ(value_in(two), 1);
}

TEST(context, takes_a_variable_out_that_is_set_to_nothing) {
  context one;
  set(one, 1);
  one.set(&key, nullptr);
  EXPECT_EQ(one.find(&key), nullptr);
}

TEST(context, gives_its_memory_back) {
  const long before = hocket::arena::live_blocks();
  {
    context one;
    set(one, 1);
    context two = one;
    set(two, 2);
    context three = std::move(two);
    one = three;
  }
  EXPECT_EQ(hocket::arena::live_blocks(), before);
}

TEST(context, shares_no_counter_with_a_detached_one) {
  context one;
  set(one, 1);
  std::thread([detached = one.detached()]() mutable {
    EXPECT_EQ(value_in(detached), 1);
    for (int n = 0; n < 100; ++n) {
      const context copy = detached;
      set(detached, n);
    }
  }).join();
  EXPECT_EQ(value_in(one), 1);
}

TEST(context, is_the_threads_own_outside_of_a_loop) {
  set(context::current(), 3);
  EXPECT_EQ(value_in(context::current()), 3);
  std::thread([] { EXPECT_EQ(value_in(context::current()), 0); }).join();
  context::current() = {};
}

TEST(context, of_a_callback_is_a_copy_of_whoever_scheduled_it) {
  hocket::testing::virtual_clock time;
  hocket::loop loop({.backend = hocket::backend_kind::epoll, .clock = &time});
  int seen = 0;
  context mine;
  mine.run([&] {
    set(context::current(), 4);
    loop.call_soon([&seen] {
      seen = value_in(context::current());
      set(context::current(), 5);
    });
  });
  loop.stop();
  loop.run_forever();
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(value_in(mine), 4);
  EXPECT_EQ(value_in(context::current()), 0);
}

TEST(context, of_a_callback_is_gone_with_it) {
  hocket::loop loop({.backend = hocket::backend_kind::epoll});
  const auto value = std::make_shared<const int>(1);
  context mine;
  mine.run([&] {
    context::current().set(&key, value);
    loop.call_soon([] {});
  });
  mine = {};
  EXPECT_EQ(value.use_count(), 2);
  loop.stop();
  loop.run_forever();
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
