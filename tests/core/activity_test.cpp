#include <optional>
#include <string>

#include <hocket/core/activity.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;

std::string doing() { return hocket::activity::text_of(hocket::task_base::require_current()); }

hocket::async_generator<int> numbers() {
  const hocket::activity counting("count");
  co_yield 1;
  co_yield 2;
}

}  // namespace

HOCKET_TEST(activity, is_what_the_task_says_that_it_does_as_long_as_it_lives) {
  EXPECT_EQ(doing(), "");
  {
    hocket::activity outer("eat");
    EXPECT_EQ(doing(), "eat");
    outer.enter("with a fork");
    {
      const hocket::activity inner("chew");
      co_await hocket::sleep(1s);
      EXPECT_EQ(doing(), "eat, with a fork > chew");
    }
    EXPECT_EQ(doing(), "eat, with a fork");
  }
  EXPECT_EQ(doing(), "");
}

HOCKET_TEST(activity, is_the_affair_of_its_own_task) {
  const hocket::activity mine("mine");
  auto other = hocket::create_task([]() -> hocket::coro<std::string> {
    const hocket::activity its("its");
    co_await hocket::sleep(1s);
    co_return doing();
  }());
  EXPECT_EQ(co_await other, "its");
  EXPECT_EQ(doing(), "mine");
}

HOCKET_TEST(activity, of_a_generator_may_end_after_one_that_began_later) {
  auto source = numbers();
  co_await source.next();
  std::optional<hocket::activity> later;
  later.emplace("later");
  EXPECT_EQ(doing(), "count > later");
  co_await source.next();
  co_await source.next();
  EXPECT_EQ(doing(), "later");
  later.reset();
  EXPECT_EQ(doing(), "");
}

HOCKET_TEST(activity, may_outlive_its_task) {
  auto source = numbers();
  auto first = [](hocket::async_generator<int>& from) -> hocket::coro<void> { co_await from.next(); };
  co_await hocket::create_task(first(source));
  EXPECT_EQ(doing(), "");
  co_await source.close();
}

TEST(activity, outside_of_a_task_does_nothing) {
  hocket::activity idle("idle");
  idle.enter("still");
  EXPECT_FALSE(idle.is_linked());
}
