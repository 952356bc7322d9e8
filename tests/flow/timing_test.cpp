#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/flow/action.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/delay.hpp>
#include <hocket/flow/for_each.hpp>
#include <hocket/flow/map.hpp>
#include <hocket/flow/never.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/flow/spaceout.hpp>
#include <hocket/flow/timeout.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::observed;
using hocket::testing::observed_source;
using hocket::testing::threw;
namespace flow = hocket::flow;

namespace {

std::chrono::seconds now() {
  return std::chrono::duration_cast<std::chrono::seconds>(hocket::loop::running().time().time_since_epoch());
}

/// The seconds at which the items come, from now on.
template <class Stage>
hocket::coro<std::vector<long>> times(hocket::async_generator<int> source, Stage stage) {
  const auto begin = now();
  co_return co_await (std::move(source) | std::move(stage) | flow::map([&](int) { return (now() - begin).count(); }) |
                      flow::collect());
}

hocket::async_generator<int> slow(int number, std::chrono::seconds pause) {
  for (int n = 0; n < number; ++n) {
    co_await hocket::sleep(pause);
    co_yield n;
  }
}

}  // namespace

HOCKET_TEST(spaceout, lets_its_interval_pass_between_the_items) {
  EXPECT_EQ(co_await times(flow::range(3), flow::spaceout(2s)), (std::vector{0L, 2L, 4L}));
}

HOCKET_TEST(spaceout, holds_up_no_item_that_is_late_enough) {
  EXPECT_EQ(co_await times(slow(3, 5s), flow::spaceout(2s)), (std::vector{5L, 10L, 15L}));
}

HOCKET_TEST(spaceout, counts_from_when_the_last_item_was_used) {
  std::vector<long> times;
  const auto begin = now();
  const auto use = [&](int) -> hocket::coro<void> {
    times.push_back((now() - begin).count());
    co_await hocket::sleep(3s);
  };
  co_await (flow::range(3) | flow::spaceout(2s) | flow::for_each(use));
  EXPECT_EQ(times, (std::vector{0L, 5L, 10L}));
}

HOCKET_TEST(spaceout, of_zero_gives_the_others_a_turn_for_each_item) {
  int turns = 0;
  const auto count_turns = [&]() -> hocket::coro<void> {
    while (true) {
      ++turns;
      co_await hocket::sleep(0s);
    }
  };
  auto counting = hocket::create_task(count_turns());
  co_await (flow::range(5) | flow::spaceout(0s) | flow::collect());
  EXPECT_EQ(turns, 5);
  counting.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(counting));
}

HOCKET_TEST(delay, waits_once_before_the_first_item_is_asked_for) {
  observed seen;
  const auto look = [&]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    EXPECT_EQ(seen.given, 0);
  };
  auto looking = hocket::create_task(look());
  EXPECT_EQ(co_await times(observed_source(seen, 3), flow::delay(2s)), (std::vector{2L, 2L, 2L}));
  co_await looking;
}

HOCKET_TEST(timeout, bounds_each_item_and_not_the_whole) {
  EXPECT_EQ(co_await times(slow(3, 5s), flow::timeout(6s)), (std::vector{5L, 10L, 15L}));
}

HOCKET_TEST(timeout, throws_a_timeout_error_if_an_item_takes_too_long) {
  EXPECT_TRUE(threw<hocket::timeout_error>(
      co_await hocket::as_result(flow::never<int>() | flow::timeout(1s) | flow::collect())));
}

HOCKET_TEST(timeout, does_not_count_while_the_item_is_used) {
  const auto use = [](int) -> hocket::coro<void> { co_await hocket::sleep(1h); };
  int items = 0;
  co_await (slow(2, 1s) | flow::timeout(2s) | flow::action(use) | flow::for_each([&](int) { ++items; }));
  EXPECT_EQ(items, 2);
}

HOCKET_TEST(timeout, has_ended_the_source_that_took_too_long) {
  bool cancelled = false;
  const auto wait = [](bool& told) -> hocket::async_generator<int> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      told = true;
      throw;
    }
    co_yield 1;
  };
  auto items = wait(cancelled) | flow::timeout(1s);
  EXPECT_TRUE(threw<hocket::timeout_error>(co_await hocket::as_result(items.next())));
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(items.ended());
}

HOCKET_TEST(timeout, of_zero_gives_no_item) {
  observed seen;
  EXPECT_TRUE(threw<hocket::timeout_error>(
      co_await hocket::as_result(observed_source(seen) | flow::timeout(0s) | flow::collect())));
  EXPECT_EQ(seen.given, 0);
}
