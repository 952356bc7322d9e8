#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/test.hpp>

namespace {

hocket::coro<int> one() { co_return 1; }

hocket::coro<int> nested(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nested(depth - 1);
}

hocket::coro<void> note(bool& ran) {
  ran = true;
  co_return;
}

HOCKET_TEST(coro, runs_nothing_until_it_is_awaited) {
  bool ran = false;
  auto lazy = note(ran);
  co_await hocket::sleep({});
  EXPECT_FALSE(ran);
  co_await std::move(lazy);
  EXPECT_TRUE(ran);
}

HOCKET_TEST(coro, runs_nothing_if_it_is_dropped) {
  bool ran = false;
  {
    const auto dropped = note(ran);
  }
  co_await hocket::sleep({});
  EXPECT_FALSE(ran);
}

HOCKET_TEST(coro, frees_its_parameters_if_it_is_dropped) {
  auto token = std::make_shared<int>();
  auto keep = [](std::shared_ptr<int>) -> hocket::coro<void> { co_return; };
  {
    const auto dropped = keep(token);
  }
  EXPECT_EQ(token.use_count(), 1);
  co_return;
}

HOCKET_TEST(coro, frees_the_one_that_it_held_when_another_is_assigned) {
  auto token = std::make_shared<int>();
  auto keep = [](std::shared_ptr<int>) -> hocket::coro<void> { co_return; };
  auto held = keep(token);
  held = keep(nullptr);
  EXPECT_EQ(token.use_count(), 1);
  co_await std::move(held);
}

HOCKET_TEST(coro, is_awaited_inline_without_a_turn_of_the_loop) {
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await one(), 1);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(coro, throws_its_exception_at_whoever_awaits_it) {
  auto fail = []() -> hocket::coro<int> {
    throw std::runtime_error("broken");
    co_return 1;
  };
  std::string caught;
  try {
    static_cast<void>(co_await fail());
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  EXPECT_EQ(caught, "broken");
}

HOCKET_TEST(coro, gives_a_value_that_can_only_be_moved) {
  auto make = []() -> hocket::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  EXPECT_EQ(*co_await make(), 7);
}

HOCKET_TEST(coro, gives_a_reference_to_the_very_object) {
  int number = 7;
  auto refer = [&number]() -> hocket::coro<int&> { co_return number; };
  int& given = co_await refer();
  EXPECT_EQ(&given, &number);
}

HOCKET_TEST(coro, converts_what_it_returns) {
  auto spell = []() -> hocket::coro<std::string> { co_return "seven"; };
  EXPECT_EQ(co_await spell(), "seven");
}

HOCKET_TEST(coro, is_empty_after_it_was_moved_from) {
  auto first = one();
  auto second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  static_cast<void>(co_await std::move(second));
}

HOCKET_TEST(coro, awaited_a_million_times_does_not_grow_the_stack) {
  int sum = 0;
  for (int n = 0; n < 1'000'000; ++n) sum += co_await one();
  EXPECT_EQ(sum, 1'000'000);
}

HOCKET_TEST(coro, nests_a_hundred_thousand_deep) { EXPECT_EQ(co_await nested(100'000), 100'000); }

HOCKET_TEST(coro, passes_an_exception_up_from_a_great_depth) {
  struct deep {
    static hocket::coro<void> dive(int depth) {
      if (depth == 0) throw std::runtime_error("at the bottom");
      co_await dive(depth - 1);
    }
  };
  EXPECT_FALSE((co_await hocket::as_result(deep::dive(1000))).has_value());
}

HOCKET_TEST(as_result, gives_what_the_body_returned) { EXPECT_EQ((co_await hocket::as_result(one())).value(), 1); }

HOCKET_TEST(as_result, gives_what_the_body_threw) {
  auto fail = []() -> hocket::coro<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  const auto outcome = co_await hocket::as_result(fail());
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(as_result, gives_cancelled_too_and_whoever_swallows_it_goes_on) {
  bool went_on = false;
  auto body = [&]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(std::chrono::hours(1)));
    EXPECT_TRUE(hocket::is_cancelled(outcome.error()));
    co_await hocket::sleep({});
    went_on = true;
  };
  auto work = hocket::create_task(body());
  co_await hocket::sleep({});
  work.cancel();
  co_await work;
  EXPECT_TRUE(went_on);
}

TEST(coro_death_test, ends_the_program_that_awaits_one_again_after_it_has_ended) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    auto once = one();
    static_cast<void>(co_await std::move(once));
    static_cast<void>(co_await std::move(once));
  };
  EXPECT_DEATH(hocket::run(misuse()), "a coroutine was awaited twice");
}

TEST(coro_death_test, ends_the_program_that_awaits_one_twice) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    auto once = one();
    static_cast<void>(co_await std::move(once).operator co_await());
    auto moved = std::move(once);
    static_cast<void>(co_await std::move(once));
  };
  EXPECT_DEATH(hocket::run(misuse()), "a coroutine was awaited twice");
}

}  // namespace
