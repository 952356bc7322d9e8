#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/flow.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

#include "flow/sources.hpp"

using namespace std::chrono_literals;
using namespace hocket::testing;
namespace flow = hocket::flow;

HOCKET_TEST(merge, gives_items_as_they_come) {
  const auto all = co_await (flow::merge(numbers(0, 2, 3, 2s), numbers(1, 2, 2, 3s)) | flow::collect());
  EXPECT_EQ(all, (std::vector{0, 1, 2, 3, 4}));
}

HOCKET_TEST(merge, goes_on_until_the_last_source_has_ended) {
  const auto times = co_await times_of(flow::merge(numbers(0, 1, 1, 1s), numbers(0, 1, 3, 2s)));
  EXPECT_EQ(times, (std::vector{0.0, 0.0, 2.0, 4.0}));
}

HOCKET_TEST(merge, takes_from_sources_that_never_wait_in_turn) {
  int made = 0;
  int made_too = 1000;
  const auto items = co_await take_and_close(flow::merge(endless(made), endless(made_too)), 6);
  EXPECT_EQ(items, (std::vector{1, 1001, 2, 1002, 3, 1003}));
}

HOCKET_TEST(merge, does_not_let_a_source_that_never_waits_hold_up_a_slow_one) {
  int made = 0;
  auto all = flow::merge(endless(made), numbers(-1, -1, 2, 1s));
  double slow_one_came = -1;
  const stopwatch watch;
  while (auto item = co_await all.next()) {
    if (*item == -2) {
      slow_one_came = watch.seconds();
      break;
    }
    co_await hocket::sleep(10ms);
  }
  co_await all.close();
  EXPECT_NEAR(slow_one_came, 1.0, 0.05);
}

HOCKET_TEST(merge, takes_ranges_and_generators_alike) {
  const auto all = co_await (flow::merge(std::vector{1, 2}, numbers(3, 1, 2, 1s)) | flow::collect());
  EXPECT_EQ(all, (std::vector{1, 3, 2, 4}));
}

HOCKET_TEST(merge, takes_a_vector_of_sources) {
  std::vector<hocket::async_generator<int>> sources;
  for (int n = 0; n < 100; ++n) sources.push_back(numbers(n, 100, 2, 1s));
  const auto all = co_await (flow::merge(std::move(sources)) | flow::collect());
  std::vector<int> expected;
  for (int n = 0; n < 200; ++n) expected.push_back(n);
  EXPECT_EQ(all, expected);
}

HOCKET_TEST(merge, takes_a_view_that_makes_its_sources) {
  EXPECT_EQ(co_await (flow::merge(two_sources()) | flow::collect()), (std::vector{0, 1, 2, 3}));
}

HOCKET_TEST(merge, of_no_source_is_empty) {
  EXPECT_TRUE((co_await (flow::merge(std::vector<hocket::async_generator<int>>{}) | flow::collect())).empty());
}

HOCKET_TEST(merge, lets_no_source_get_more_than_one_item_ahead) {
  int made = 0;
  auto all = flow::merge(endless(made), numbers(-1, 0, 1000, 1s));
  int taken = 0;
  int most_ahead = 0;
  for (int n = 0; n < 50; ++n) {
    if (*co_await all.next() > 0) ++taken;
    co_await hocket::sleep(500ms);
    most_ahead = std::max(most_ahead, made - taken);
  }
  co_await all.close();
  EXPECT_EQ(most_ahead, 1);
}

HOCKET_TEST(merge, begins_no_source_before_it_is_asked) {
  int made = 0;
  auto all = flow::merge(endless(made));
  co_await hocket::sleep(1s);
  EXPECT_EQ(made, 0);
  co_await all.close();
  EXPECT_EQ(made, 0);
}

HOCKET_TEST(merge, cancels_the_other_sources_when_one_fails) {
  trace log;
  const auto text = flow::map([](int) { return std::string("item"); });
  auto all = flow::merge(ticker("a", 1h, log), failing_after({}, 1s) | text, ticker("b", 1h, log));
  const stopwatch watch;
  EXPECT_EQ(co_await error_of_next(all), "failed");
  EXPECT_EQ(log, (trace{"a cancelled", "b cancelled"}));
  EXPECT_EQ(watch.seconds(), 1.0);
}

HOCKET_TEST(merge, throws_the_first_of_several_errors_and_drops_the_others) {
  int reported = 0;
  hocket::loop::running().set_exception_handler([&](const hocket::exception_context&) { ++reported; });
  const auto failing = [](std::string why) -> hocket::async_generator<int> {
    co_await hocket::sleep(1s);
    throw std::runtime_error(why);
    co_yield 0;
  };
  {
    auto all = flow::merge(failing("one"), failing("other"));
    EXPECT_EQ(co_await error_of_next(all), "one");
    EXPECT_TRUE(all.ended());
  }
  co_await hocket::sleep(1s);
  EXPECT_EQ(reported, 0);
}

HOCKET_TEST(merge, gives_the_items_that_came_before_an_error) {
  auto all = flow::merge(failing_after({1, 2}, 0s), numbers(3, 1, 2, 0s));
  std::vector<int> items;
  for (int n = 0; n < 4; ++n) items.push_back(*co_await all.next());
  EXPECT_EQ(items, (std::vector{1, 3, 2, 4}));
  EXPECT_EQ(co_await error_of_next(all), "failed");
}

HOCKET_TEST(merge, closes_sources_at_rest_one_after_the_other_in_their_order) {
  trace log;
  auto all = flow::merge(ticker("a", 1s, log, 3s), ticker("b", 1s, log, 2s), ticker("c", 1s, log, 1s));
  EXPECT_EQ(co_await all.next(), "a");
  co_await hocket::sleep(1ms);  // b and c have an item
  const stopwatch watch;
  co_await all.close();
  EXPECT_EQ(log, (trace{"a closed", "b closed", "c closed"}));
  EXPECT_NEAR(watch.seconds(), 6.0, 0.01);
}

HOCKET_TEST(merge, when_closed_cancels_the_sources_that_wait_and_waits_for_them) {
  trace log;
  auto all = flow::merge(ticker("fast", 1s, log), ticker("slow", 1h, log, 2s), ticker("slower", 2h, log, 1s));
  static_cast<void>(co_await all.next());
  static_cast<void>(co_await all.next());  // so that "fast" waits too, when the next is asked for
  co_await hocket::sleep(1ms);
  const stopwatch watch;
  co_await all.close();
  EXPECT_EQ(log, (trace{"slower cancelled", "slow cancelled", "fast closed"}));
  EXPECT_EQ(watch.seconds(), 2.0);
}

HOCKET_TEST(merge, closed_in_the_middle_of_a_pipeline_closes_it_from_there_to_every_source_in_order) {
  trace log;
  const auto size = flow::map([](const std::string& text) { return text.size(); });
  auto inner = flow::merge(ticker("a", 1s, log) | size, ticker("b", 1s, log) | size);
  auto pipeline =
      flow::merge(std::move(inner), ticker("c", 1s, log) | size) | flow::map([](std::size_t n) { return n; });
  EXPECT_EQ(co_await pipeline.next(), 1U);
  co_await hocket::sleep(1ms);
  co_await pipeline.close();
  EXPECT_EQ(log, (trace{"a closed", "b closed", "c closed"}));
}

HOCKET_TEST(merge, that_is_cancelled_ends_when_its_sources_have_cleaned_up_however_often_it_is_cancelled) {
  trace log;
  const auto consume = [](hocket::async_generator<std::string> all) -> hocket::coro<void> {
    static_cast<void>(co_await all.next());
  };
  auto work = hocket::create_task(consume(flow::merge(ticker("a", 1h, log, 2s), ticker("b", 1h, log, 1s))));
  co_await hocket::sleep(1s);
  const stopwatch watch;
  work.cancel();
  co_await hocket::sleep(100ms);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(watch.seconds(), 2.0);
  EXPECT_EQ(log, (trace{"b cancelled", "a cancelled"}));
}

HOCKET_TEST(merge, in_a_cancelled_scope_ends_when_its_sources_have_cleaned_up) {
  trace log;
  auto all = flow::merge(ticker("a", 1h, log, 2s), ticker("b", 1h, log, 1s));
  const stopwatch watch;
  const auto in_time = co_await hocket::move_on_after(1s, all.next());
  EXPECT_FALSE(in_time.has_value());
  EXPECT_EQ(watch.seconds(), 3.0);
  EXPECT_EQ(log, (trace{"b cancelled", "a cancelled"}));
}

HOCKET_TEST(merge, throws_an_error_of_a_source_that_cleans_up) {
  const auto failing_to_close = []() -> hocket::async_generator<int> {
    try {
      co_yield 1;
    } catch (const hocket::generator_exit&) {
      throw std::runtime_error("cannot close");
    }
  };
  auto all = flow::merge(failing_to_close(), numbers(2, 1, 1, 1s));
  static_cast<void>(co_await all.next());
  EXPECT_TRUE(co_await throws<std::runtime_error>(all.close()));
}

HOCKET_TEST(merge, drops_an_error_that_was_not_taken_when_it_is_closed) {
  auto all = flow::merge(numbers(1, 1, 1, 1s), failing_after({}, 1s));
  static_cast<void>(co_await all.next());
  co_await hocket::sleep(2s);
  EXPECT_FALSE(co_await throws<std::runtime_error>(all.close()));
}

HOCKET_TEST(merge, closes_a_source_that_swallows_its_cancellation_and_yields) {
  auto all = flow::merge(stubborn(), numbers(10, 1, 1, 1s));
  EXPECT_EQ(co_await all.next(), 0);
  EXPECT_EQ(co_await all.next(), 10);
  co_await hocket::sleep(1s);
  co_await hocket::wait_for(all.close(), 1s);
  EXPECT_TRUE(all.ended());
}

HOCKET_TEST(merge, dropped_at_rest_leaves_its_sources_to_end_by_themselves) {
  trace log;
  {
    auto all = flow::merge(ticker("resting", 1s, log, 1s), ticker("waiting", 1h, log, 2s));
    static_cast<void>(co_await all.next());
    co_await hocket::sleep(1ms);
  }
  EXPECT_EQ(log, trace{});
  co_await hocket::sleep(3s);
  EXPECT_EQ(log, (trace{"resting closed", "waiting cancelled"}));
  EXPECT_EQ(hocket::all_tasks().size(), 1U);
}

HOCKET_TEST(merge, dropped_at_rest_has_errors_of_its_sources_reported) {
  int reported = 0;
  hocket::loop::running().set_exception_handler([&](const hocket::exception_context&) { ++reported; });
  const auto failing_to_end = []() -> hocket::async_generator<int> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      throw std::runtime_error("cannot end");
    }
    co_yield 1;
  };
  {
    auto all = flow::merge(numbers(1, 1, 1, 1s), failing_to_end());
    static_cast<void>(co_await all.next());
  }
  co_await hocket::sleep(1s);
  EXPECT_EQ(reported, 1);
}

HOCKET_TEST(merge, shows_each_source_a_copy_of_the_context) {
  static hocket::context_var<int> depth("depth", 0);
  const auto changing = []() -> hocket::async_generator<int> {
    const int seen = depth.get();
    depth.set(seen + 1);
    co_yield seen;
  };
  depth.set(7);
  const auto seen = co_await (flow::merge(changing(), changing()) | flow::collect());
  EXPECT_EQ(seen, (std::vector{7, 7}));
  EXPECT_EQ(depth.get(), 7);
}

TEST(merge_at_the_end_of_run, is_closed_with_its_sources_when_it_is_still_alive) {
  static std::optional<hocket::async_generator<std::string>> alive;
  trace log;
  virtual_clock clock;
  const auto main = [&]() -> hocket::coro<void> {
    alive.emplace(flow::merge(ticker("resting", 1s, log), ticker("waiting", 1h, log)));
    static_cast<void>(co_await alive->next());
  };
  hocket::run(main(), {.clock = &clock});
  EXPECT_EQ(log, (trace{"waiting cancelled", "resting closed"}));
  EXPECT_TRUE(alive->ended());
  alive.reset();
}

TEST(merge_at_the_end_of_run, does_not_wait_for_ever_for_a_source_that_swallows_its_cancellation) {
  static std::optional<hocket::async_generator<int>> alive;
  virtual_clock clock;
  const hocket::time_point begin = clock.now();
  const auto main = [&]() -> hocket::coro<void> {
    alive.emplace(flow::merge(stubborn(), numbers(10, 1, 2, 1s)));
    for (int n = 0; n < 3; ++n) static_cast<void>(co_await alive->next());
  };
  hocket::run(main(), {.clock = &clock});
  EXPECT_LT(clock.now() - begin, 10s);
  alive.reset();
}

// Tasks of a loop that is gone are leaked, hence a process of its own.
TEST(merge_at_the_end_of_a_loop_death_test, may_be_dropped_when_its_loop_is_gone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    std::optional<hocket::async_generator<int>> alive;
    {
      hocket::loop on;
      on.set_exception_handler([](const hocket::exception_context&) {});
      const auto begin = [&]() -> hocket::coro<void> {
        alive.emplace(flow::merge(numbers(0, 1, 5, 0s), numbers(0, 1, 5, 1h)));
        static_cast<void>(co_await alive->next());
        static_cast<void>(co_await alive->next());
        static_cast<void>(co_await alive->next());
      };
      hocket::run_until_complete(on, begin());
    }
    alive.reset();
    std::_Exit(7);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "");
}
