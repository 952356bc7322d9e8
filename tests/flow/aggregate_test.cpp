#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/flow/accumulate.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/empty.hpp>
#include <hocket/flow/first.hpp>
#include <hocket/flow/for_each.hpp>
#include <hocket/flow/last.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/flow/reduce.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::message_of;
using hocket::testing::observed;
using hocket::testing::observed_source;
using hocket::testing::threw;
namespace flow = hocket::flow;

namespace {

constexpr auto slow_product = [](int a, int b) -> hocket::coro<int> {
  co_await hocket::sleep(1s);
  co_return (a * b);
};
constexpr auto append = [](std::string text, int n) { return text + std::to_string(n); };

}  // namespace

HOCKET_TEST(accumulate, gives_the_sums) {
  EXPECT_EQ(co_await (flow::range(1, 5) | flow::accumulate() | flow::collect()), (std::vector{1, 3, 6, 10}));
}

HOCKET_TEST(accumulate, awaits_its_function) {
  EXPECT_EQ(co_await (flow::range(1, 5) | flow::accumulate(slow_product) | flow::collect()),
            (std::vector{1, 2, 6, 24}));
}

HOCKET_TEST(accumulate, gives_its_initializer_first) {
  EXPECT_EQ(co_await (flow::range(2) | flow::accumulate(append, std::string("n")) | flow::collect()),
            (std::vector<std::string>{"n", "n0", "n01"}));
}

HOCKET_TEST(accumulate, of_nothing_gives_the_initializer_if_there_is_one) {
  EXPECT_EQ(co_await (flow::empty<int>() | flow::accumulate(std::plus(), 7) | flow::collect()), std::vector{7});
  EXPECT_TRUE((co_await (flow::empty<int>() | flow::accumulate() | flow::collect())).empty());
}

HOCKET_TEST(accumulate, gives_its_initializer_before_it_asks_for_an_item) {
  observed seen;
  auto items = observed_source(seen) | flow::accumulate(std::plus(), 7);
  EXPECT_EQ(co_await items.next(), 7);
  EXPECT_EQ(seen.given, 0);
}

HOCKET_TEST(reduce, combines_all_items_into_one) {
  EXPECT_EQ(co_await (flow::range(1, 5) | flow::reduce(std::minus())), 1 - 2 - 3 - 4);
}

HOCKET_TEST(reduce, awaits_its_function) { EXPECT_EQ(co_await (flow::range(1, 5) | flow::reduce(slow_product)), 24); }

HOCKET_TEST(reduce, begins_with_its_initializer) {
  EXPECT_EQ(co_await (flow::range(3) | flow::reduce(append, std::string("n"))), "n012");
  EXPECT_EQ(co_await (flow::empty<int>() | flow::reduce(append, std::string("n"))), "n");
}

HOCKET_TEST(reduce, of_a_single_item_gives_that_and_never_calls_its_function) {
  const auto fail = [](int, int) -> int { throw std::logic_error("called"); };
  EXPECT_EQ(co_await (std::vector{7} | flow::reduce(fail)), 7);
}

HOCKET_TEST(reduce, of_nothing_throws_stream_empty) {
  const auto outcome = co_await hocket::as_result(flow::empty<int>() | flow::reduce(std::plus()));
  EXPECT_TRUE(threw<flow::stream_empty>(outcome));
  EXPECT_EQ(message_of(outcome), "the pipeline has ended without an item");
}

HOCKET_TEST(reduce, moves_what_cannot_be_copied) {
  std::vector<std::unique_ptr<int>> given;
  given.push_back(std::make_unique<int>(3));
  given.push_back(std::make_unique<int>(4));
  const auto sum = co_await (std::move(given) | flow::reduce([](std::unique_ptr<int> a, std::unique_ptr<int> b) {
                               return std::make_unique<int>(*a + *b);
                             }));
  EXPECT_EQ(*sum, 7);
}

HOCKET_TEST(first, gives_the_first_item_and_closes_the_rest) {
  observed seen;
  EXPECT_EQ(co_await (observed_source(seen) | flow::first()), 1);
  EXPECT_EQ(seen.given, 1);
  EXPECT_TRUE(seen.ended);
}

HOCKET_TEST(first, of_nothing_throws_stream_empty) {
  EXPECT_TRUE(threw<flow::stream_empty>(co_await hocket::as_result(flow::empty<int>() | flow::first())));
}

HOCKET_TEST(last, gives_the_last_item) { EXPECT_EQ(co_await (flow::range(5) | flow::last()), 4); }

HOCKET_TEST(last, of_nothing_throws_stream_empty) {
  EXPECT_TRUE(threw<flow::stream_empty>(co_await hocket::as_result(flow::empty<int>() | flow::last())));
}

HOCKET_TEST(for_each, calls_its_function_with_each_item_in_order) {
  std::vector<int> seen;
  co_await (flow::range(3) | flow::for_each([&](int n) { seen.push_back(n); }));
  EXPECT_EQ(seen, (std::vector{0, 1, 2}));
}

HOCKET_TEST(for_each, awaits_one_call_before_it_asks_for_the_next_item) {
  observed seen;
  const auto check = [&](int n) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    EXPECT_EQ(seen.given, n);
  };
  co_await (observed_source(seen, 3) | flow::for_each(check));
  EXPECT_EQ(seen.given, 3);
}

HOCKET_TEST(the_end_of_a_pipeline, closes_it_when_its_function_throws) {
  const auto fail = [](auto&&...) -> int { throw std::logic_error("so"); };
  observed each;
  EXPECT_TRUE(threw<std::logic_error>(co_await hocket::as_result(observed_source(each) | flow::for_each(fail))));
  EXPECT_TRUE(each.ended);
  observed reduced;
  EXPECT_TRUE(threw<std::logic_error>(co_await hocket::as_result(observed_source(reduced) | flow::reduce(fail))));
  EXPECT_TRUE(reduced.ended);
}

HOCKET_TEST(the_end_of_a_pipeline, runs_nothing_until_it_is_awaited) {
  observed seen;
  {
    auto work = observed_source(seen) | flow::first();
    work.close();
  }
  EXPECT_EQ(seen.given, 0);
  co_return;
}
