#include <array>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/flow/chunks.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/cycle.hpp>
#include <hocket/flow/empty.hpp>
#include <hocket/flow/enumerate.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/flow/starmap.hpp>
#include <hocket/flow/take.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::message_of_call;
using hocket::testing::observed;
using hocket::testing::observed_source;
namespace flow = hocket::flow;

HOCKET_TEST(enumerate, numbers_the_items) {
  const auto items = co_await (std::vector{'a', 'b'} | flow::enumerate() | flow::collect());
  EXPECT_EQ(items, (std::vector{std::pair(std::ptrdiff_t{0}, 'a'), std::pair(std::ptrdiff_t{1}, 'b')}));
}

HOCKET_TEST(enumerate, begins_at_its_start_and_goes_by_its_step) {
  const auto items = co_await (std::vector{'a', 'b'} | flow::enumerate(10, -2) | flow::collect());
  EXPECT_EQ(items, (std::vector{std::pair(std::ptrdiff_t{10}, 'a'), std::pair(std::ptrdiff_t{8}, 'b')}));
}

HOCKET_TEST(starmap, calls_its_function_with_the_parts_of_each_tuple) {
  const auto add = [](int a, int b, int c) { return a + b + c; };
  EXPECT_EQ(co_await (std::vector{std::tuple(1, 2, 3), std::tuple(4, 5, 6)} | flow::starmap(add) | flow::collect()),
            (std::vector{6, 15}));
}

HOCKET_TEST(starmap, takes_pairs_and_arrays) {
  const auto subtract = [](auto a, auto b) { return static_cast<int>(a - b); };
  EXPECT_EQ(co_await (std::vector{5, 7} | flow::enumerate() | flow::starmap(subtract) | flow::collect()),
            (std::vector{-5, -6}));
  EXPECT_EQ(co_await (std::vector{std::array{9, 2}} | flow::starmap(subtract) | flow::collect()), std::vector{7});
}

HOCKET_TEST(starmap, moves_the_parts) {
  std::vector<std::pair<std::unique_ptr<int>, int>> given;
  given.emplace_back(std::make_unique<int>(3), 4);
  const auto add = [](std::unique_ptr<int> a, int b) { return *a + b; };
  EXPECT_EQ(co_await (std::move(given) | flow::starmap(add) | flow::collect()), std::vector{7});
}

HOCKET_TEST(starmap, awaits_what_its_function_returns) {
  const auto slow_sum = [](const int& a, const int& b) -> hocket::coro<int> {
    co_await hocket::sleep(1s);
    co_return a + b;
  };
  EXPECT_EQ(co_await (std::vector{std::pair(1, 2)} | flow::starmap(slow_sum) | flow::collect()), std::vector{3});
}

HOCKET_TEST(cycle, gives_the_items_again_and_again) {
  EXPECT_EQ(co_await (std::vector{1, 2} | flow::cycle() | flow::take(5) | flow::collect()),
            (std::vector{1, 2, 1, 2, 1}));
}

HOCKET_TEST(cycle, asks_its_source_for_each_item_once) {
  observed seen;
  EXPECT_EQ(co_await (observed_source(seen, 3) | flow::cycle() | flow::take(7) | flow::collect()),
            (std::vector{1, 2, 3, 1, 2, 3, 1}));
  EXPECT_EQ(seen.given, 3);
}

HOCKET_TEST(cycle, ends_if_there_are_no_items) {
  EXPECT_TRUE((co_await (flow::empty<int>() | flow::cycle() | flow::collect())).empty());
}

HOCKET_TEST(cycle, of_a_callable_makes_a_new_source_each_time) {
  int made = 0;
  auto items = flow::cycle([&] { return std::vector{++made, 0}; });
  EXPECT_EQ(made, 0);
  EXPECT_EQ(co_await (std::move(items) | flow::take(5) | flow::collect()), (std::vector{1, 0, 2, 0, 3}));
}

HOCKET_TEST(cycle, of_a_callable_ends_with_a_source_without_items) {
  int size = 2;
  const auto shrinking = [&] HOCKET_CORO_WRAPPER { return flow::range(size--); };
  EXPECT_EQ(co_await (flow::cycle(shrinking) | flow::collect()), (std::vector{0, 1, 0}));
}

HOCKET_TEST(cycle, of_a_callable_keeps_that_until_the_source_under_way_is_gone) {
  bool was_kept = false;
  {
    auto kept = std::make_shared<int>(1);
    const auto alive = std::weak_ptr(kept);
    struct leave {
      const std::weak_ptr<int>& alive;
      bool& was_kept;
      ~leave() { was_kept = !alive.expired(); }
    };
    auto items = flow::cycle([kept = std::move(kept), &alive, &was_kept]() -> hocket::async_generator<int> {
      const leave at_the_end{alive, was_kept};
      co_yield *kept;
    });
    EXPECT_EQ(co_await items.next(), 1);
  }
  EXPECT_TRUE(was_kept);
}

HOCKET_TEST(cycle, of_a_callable_closes_the_source_under_way) {
  observed seen;
  auto items = flow::cycle([&] HOCKET_CORO_WRAPPER { return observed_source(seen); });
  EXPECT_EQ(co_await items.next(), 1);
  EXPECT_FALSE(seen.ended);
  co_await items.close();
  EXPECT_TRUE(seen.ended);
}

HOCKET_TEST(chunks, have_a_size_but_for_the_last) {
  EXPECT_EQ(co_await (flow::range(5) | flow::chunks(2) | flow::collect()),
            (std::vector<std::vector<int>>{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(co_await (flow::range(4) | flow::chunks(2) | flow::collect()),
            (std::vector<std::vector<int>>{{0, 1}, {2, 3}}));
}

HOCKET_TEST(chunks, are_none_without_items) {
  EXPECT_TRUE((co_await (flow::empty<int>() | flow::chunks(2) | flow::collect())).empty());
}

HOCKET_TEST(chunks, are_given_as_soon_as_they_are_full) {
  observed seen;
  auto items = observed_source(seen) | flow::chunks(3);
  EXPECT_EQ(co_await items.next(), (std::vector{1, 2, 3}));
  EXPECT_EQ(seen.given, 3);
}

HOCKET_TEST(chunks, cannot_be_without_a_size) {
  EXPECT_EQ(message_of_call([] { return flow::chunks(0); }), "chunks(0): the number must be 1 or more");
  co_return;
}
