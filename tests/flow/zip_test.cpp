#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/flow.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

#include "flow/sources.hpp"

using namespace std::chrono_literals;
using namespace hocket::testing;
namespace flow = hocket::flow;

HOCKET_TEST(zip, gives_tuples_of_an_item_of_each_source) {
  const auto all = co_await (flow::zip(std::vector{1, 2}, std::vector<std::string>{"a", "b"}) | flow::collect());
  EXPECT_EQ(all, (std::vector<std::tuple<int, std::string>>{{1, "a"}, {2, "b"}}));
}

HOCKET_TEST(zip, waits_for_its_sources_at_the_same_time) {
  const auto times = co_await times_of(flow::zip(numbers(0, 1, 4, 1s), numbers(0, 1, 3, 2s), numbers(0, 1, 5, 2s)));
  EXPECT_EQ(times, (std::vector{0.0, 2.0, 4.0}));
}

HOCKET_TEST(zip, ends_with_the_shortest_source_and_does_not_wait_for_the_others) {
  trace log;
  auto all = flow::zip(numbers(0, 1, 1, 0s), ticker("endless", 1s, log), ticker("more", 1s, log));
  const stopwatch watch;
  EXPECT_TRUE((co_await all.next()).has_value());
  EXPECT_FALSE((co_await all.next()).has_value());
  EXPECT_EQ(watch.seconds(), 1.0);
  EXPECT_EQ(log, (trace{"endless cancelled", "more cancelled"}));
}

HOCKET_TEST(zip, lets_no_source_get_ahead_of_the_others) {
  int made = 0;
  auto all = flow::zip(endless(made), numbers(0, 1, 100, 1s));
  for (int row = 1; row <= 10; ++row) {
    static_cast<void>(co_await all.next());
    co_await hocket::sleep(3s);
    EXPECT_EQ(made, row);
  }
  co_await all.close();
}

HOCKET_TEST(zip, that_is_strict_throws_if_a_source_ends_before_another) {
  EXPECT_TRUE(co_await throws<hocket::error>(flow::zip(flow::strict, std::vector{1, 2}, numbers(0, 1, 1, 0s)) |
                                             flow::collect()));
  EXPECT_TRUE(
      co_await throws<hocket::error>(flow::zip(flow::strict, std::vector{1}, numbers(0, 1, 2, 1s)) | flow::collect()));
}

HOCKET_TEST(zip, that_is_strict_takes_sources_of_one_length) {
  const auto all = co_await (flow::zip(flow::strict, std::vector{1, 2}, numbers(3, 1, 2, 1s)) | flow::collect());
  EXPECT_EQ(all, (std::vector<std::tuple<int, int>>{{1, 3}, {2, 4}}));
}

HOCKET_TEST(zip, throws_the_error_of_a_source_at_once_and_cancels_the_others) {
  trace log;
  auto all = flow::zip(failing_after({}, 1s), ticker("other", 1h, log));
  const stopwatch watch;
  EXPECT_EQ(co_await error_of_next(all), "failed");
  EXPECT_EQ(watch.seconds(), 1.0);
  EXPECT_EQ(log, trace{"other cancelled"});
}

HOCKET_TEST(zip, throws_the_error_that_ended_it_even_if_a_source_then_fails_to_clean_up) {
  const auto failing_to_close = []() -> hocket::async_generator<int> {
    try {
      co_yield 1;
    } catch (const hocket::generator_exit&) {
      throw std::runtime_error("cannot close");
    }
  };
  auto all = flow::zip(failing_after({}, 0s), failing_to_close());
  EXPECT_EQ(co_await error_of_next(all), "failed");
}

HOCKET_TEST(zip, closes_its_sources_in_order) {
  trace log;
  auto all = flow::zip(ticker("a", 1s, log, 2s), ticker("b", 1s, log, 1s));
  static_cast<void>(co_await all.next());
  co_await all.close();
  EXPECT_EQ(log, (trace{"a closed", "b closed"}));
}

HOCKET_TEST(zip, of_nothing_is_empty) { EXPECT_TRUE((co_await (flow::zip() | flow::collect())).empty()); }

HOCKET_TEST(ziplatest, gives_the_latest_item_of_every_source_at_each_item) {
  const auto all =
      co_await (flow::ziplatest(numbers(0, 2, 3, 2s), flow::chain(numbers(1, 2, 2, 3s))) | flow::collect());
  using row = std::tuple<std::optional<int>, std::optional<int>>;
  EXPECT_EQ(all, (std::vector<row>{{0, std::nullopt}, {0, 1}, {2, 1}, {2, 3}, {4, 3}}));
}

HOCKET_TEST(ziplatest, that_is_complete_waits_for_an_item_of_each) {
  const auto all =
      co_await (flow::ziplatest(flow::complete, numbers(0, 2, 3, 2s), numbers(1, 2, 2, 3s)) | flow::collect());
  EXPECT_EQ(all, (std::vector<std::tuple<int, int>>{{0, 1}, {2, 1}, {2, 3}, {4, 3}}));
}

HOCKET_TEST(ziplatest, takes_defaults_for_what_has_not_come) {
  const auto all =
      co_await (flow::ziplatest(flow::defaults(-1, "none"), numbers(0, 2, 2, 1s), std::vector<std::string>{"text"}) |
                flow::collect());
  EXPECT_EQ(all, (std::vector<std::tuple<int, std::string>>{{0, "none"}, {0, "text"}, {2, "text"}}));
}

HOCKET_TEST(ziplatest, cancels_the_other_sources_when_one_fails) {
  trace log;
  auto all = flow::ziplatest(failing_after({}, 1s), ticker("other", 1h, log));
  EXPECT_EQ(co_await error_of_next(all), "failed");
  EXPECT_EQ(log, trace{"other cancelled"});
}

HOCKET_TEST(ziplatest, closes_its_sources_in_order) {
  trace log;
  auto all = flow::ziplatest(ticker("a", 1s, log, 2s), ticker("b", 1s, log, 1s));
  static_cast<void>(co_await all.next());
  co_await hocket::sleep(1ms);
  co_await all.close();
  EXPECT_EQ(log, (trace{"a closed", "b closed"}));
}
