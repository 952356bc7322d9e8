#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/dropwhile.hpp>
#include <hocket/flow/empty.hpp>
#include <hocket/flow/filter.hpp>
#include <hocket/flow/getitem.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/flow/skip.hpp>
#include <hocket/flow/skiplast.hpp>
#include <hocket/flow/take.hpp>
#include <hocket/flow/takelast.hpp>
#include <hocket/flow/takewhile.hpp>
#include <hocket/flow/until.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::message_of;
using hocket::testing::message_of_call;
using hocket::testing::observed;
using hocket::testing::observed_source;
using hocket::testing::threw;
namespace flow = hocket::flow;

namespace {

constexpr auto is_even = [](int n) { return n % 2 == 0; };
constexpr auto is_small = [](int n) { return n < 3; };
constexpr auto is_three = [](int n) { return n == 3; };
constexpr auto is_small_to_the_slow = [](int n) -> hocket::coro<bool> {
  co_await hocket::sleep(1s);
  co_return n < 3;
};

}  // namespace

HOCKET_TEST(take, gives_the_first_items) {
  EXPECT_EQ(co_await (flow::range(9) | flow::take(2) | flow::collect()), (std::vector{0, 1}));
}

HOCKET_TEST(take, gives_all_if_there_are_fewer) {
  EXPECT_EQ(co_await (flow::range(2) | flow::take(9) | flow::collect()), (std::vector{0, 1}));
}

HOCKET_TEST(take, closes_its_source_when_it_is_asked_beyond_its_last_item_and_asks_that_for_no_more) {
  observed seen;
  auto items = observed_source(seen) | flow::take(2);
  co_await items.next();
  EXPECT_EQ(co_await items.next(), 2);
  EXPECT_FALSE(seen.ended);
  EXPECT_EQ(co_await items.next(), std::nullopt);
  EXPECT_TRUE(seen.ended);
  EXPECT_EQ(seen.given, 2);
}

HOCKET_TEST(take, of_nothing_asks_for_nothing) {
  observed seen;
  EXPECT_TRUE((co_await (observed_source(seen) | flow::take(0) | flow::collect())).empty());
  EXPECT_EQ(seen.given, 0);
}

HOCKET_TEST(take, refuses_a_negative_number) {
  EXPECT_EQ(message_of_call([] { return flow::take(-3); }), "take(-3): the number must be 0 or more");
  co_return;
}

HOCKET_TEST(take, moves_what_cannot_be_copied) {
  std::vector<std::unique_ptr<int>> given;
  given.push_back(std::make_unique<int>(7));
  const auto items = co_await (std::move(given) | flow::take(1) | flow::skip(0) | flow::takelast(1) |
                               flow::skiplast(0) | flow::collect());
  EXPECT_EQ(*items.front(), 7);
}

HOCKET_TEST(takelast, gives_the_last_items) {
  EXPECT_EQ(co_await (flow::range(9) | flow::takelast(2) | flow::collect()), (std::vector{7, 8}));
  EXPECT_EQ(co_await (flow::range(2) | flow::takelast(9) | flow::collect()), (std::vector{0, 1}));
}

HOCKET_TEST(takelast, of_nothing_runs_its_source_to_the_end) {
  observed seen;
  EXPECT_TRUE((co_await (observed_source(seen, 5) | flow::takelast(0) | flow::collect())).empty());
  EXPECT_EQ(seen.given, 5);
}

HOCKET_TEST(takelast, refuses_a_negative_number) {
  EXPECT_EQ(message_of_call([] { return flow::takelast(-3); }), "takelast(-3): the number must be 0 or more");
  co_return;
}

HOCKET_TEST(skip, leaves_out_the_first_items) {
  EXPECT_EQ(co_await (flow::range(4) | flow::skip(2) | flow::collect()), (std::vector{2, 3}));
  EXPECT_TRUE((co_await (flow::range(4) | flow::skip(9) | flow::collect())).empty());
}

HOCKET_TEST(skip, refuses_a_negative_number) {
  EXPECT_EQ(message_of_call([] { return flow::skip(-3); }), "skip(-3): the number must be 0 or more");
  co_return;
}

HOCKET_TEST(skiplast, leaves_out_the_last_items) {
  EXPECT_EQ(co_await (flow::range(4) | flow::skiplast(2) | flow::collect()), (std::vector{0, 1}));
  EXPECT_EQ(co_await (flow::range(4) | flow::skiplast(0) | flow::collect()), (std::vector{0, 1, 2, 3}));
  EXPECT_TRUE((co_await (flow::range(4) | flow::skiplast(9) | flow::collect())).empty());
}

HOCKET_TEST(skiplast, is_no_further_behind_than_it_must_be) {
  observed seen;
  auto items = observed_source(seen) | flow::skiplast(2);
  EXPECT_EQ(co_await items.next(), 1);
  EXPECT_EQ(seen.given, 3);
}

HOCKET_TEST(skiplast, refuses_a_negative_number) {
  EXPECT_EQ(message_of_call([] { return flow::skiplast(-3); }), "skiplast(-3): the number must be 0 or more");
  co_return;
}

HOCKET_TEST(getitem, gives_the_item_at_an_index) {
  EXPECT_EQ(co_await (flow::range(9) | flow::getitem(2) | flow::collect()), std::vector{2});
  EXPECT_EQ(co_await (flow::range(9) | flow::getitem(0) | flow::collect()), std::vector{0});
}

HOCKET_TEST(getitem, asks_for_no_item_beyond_the_index) {
  observed seen;
  co_await (observed_source(seen) | flow::getitem(2) | flow::collect());
  EXPECT_EQ(seen.given, 3);
  EXPECT_TRUE(seen.ended);
}

HOCKET_TEST(getitem, counts_a_negative_index_from_the_end) {
  EXPECT_EQ(co_await (flow::range(9) | flow::getitem(-2) | flow::collect()), std::vector{7});
  EXPECT_EQ(co_await (flow::range(9) | flow::getitem(-9) | flow::collect()), std::vector{0});
}

HOCKET_TEST(getitem, throws_out_of_range_if_there_is_no_such_item) {
  const auto at = [](std::ptrdiff_t index) -> hocket::coro<std::vector<int>> {
    co_return co_await (flow::range(3) | flow::getitem(index) | flow::collect());
  };
  EXPECT_TRUE(threw<std::out_of_range>(co_await hocket::as_result(at(3))));
  EXPECT_EQ(message_of(co_await hocket::as_result(at(-4))), "getitem(-4): there are not so many items");
  EXPECT_TRUE(threw<std::out_of_range>(co_await hocket::as_result(at(std::numeric_limits<std::ptrdiff_t>::min()))));
}

HOCKET_TEST(getitem, gives_what_python_gives_for_a_slice) {
  const auto give = [](flow::slice which) -> hocket::coro<std::vector<int>> {
    co_return co_await (flow::range(6) | flow::getitem(which) | flow::collect());
  };
  EXPECT_EQ(co_await give({}), (std::vector{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(co_await give({.start = 2}), (std::vector{2, 3, 4, 5}));
  EXPECT_EQ(co_await give({.stop = 2}), (std::vector{0, 1}));
  EXPECT_EQ(co_await give({.start = 2, .stop = 4}), (std::vector{2, 3}));
  EXPECT_EQ(co_await give({.start = 4, .stop = 2}), (std::vector<int>{}));
  EXPECT_EQ(co_await give({.start = -2}), (std::vector{4, 5}));
  EXPECT_EQ(co_await give({.stop = -2}), (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(co_await give({.start = 1, .stop = -2}), (std::vector{1, 2, 3}));
  EXPECT_EQ(co_await give({.start = -4, .stop = -2}), (std::vector{2, 3}));
  EXPECT_EQ(co_await give({.step = 2}), (std::vector{0, 2, 4}));
  EXPECT_EQ(co_await give({.start = 1, .stop = 5, .step = 3}), (std::vector{1, 4}));
  EXPECT_EQ(co_await give({.start = 5, .stop = -3}), (std::vector<int>{}));
}

HOCKET_TEST(getitem, of_a_slice_ends_where_the_slice_does) {
  observed seen;
  co_await (observed_source(seen) | flow::getitem({.start = 2, .stop = 4}) | flow::collect());
  EXPECT_EQ(seen.given, 4);
}

HOCKET_TEST(getitem, refuses_slices_that_it_cannot_give) {
  EXPECT_EQ(message_of_call([] { return flow::getitem({.step = 0}); }),
            "getitem: the step of the slice must be 1 or more");
  EXPECT_EQ(message_of_call([] { return flow::getitem({.start = -1, .stop = 1}); }),
            "getitem: a slice that starts from the end cannot stop from the beginning");
  co_return;
}

HOCKET_TEST(filter, gives_the_items_that_its_predicate_accepts) {
  EXPECT_EQ(co_await (flow::range(5) | flow::filter(is_even) | flow::collect()), (std::vector{0, 2, 4}));
}

HOCKET_TEST(filter, awaits_its_predicate) {
  EXPECT_EQ(co_await (flow::range(5) | flow::filter(is_small_to_the_slow) | flow::collect()), (std::vector{0, 1, 2}));
}

HOCKET_TEST(until, gives_the_item_that_meets_its_condition_as_the_last) {
  observed seen;
  EXPECT_EQ(co_await (observed_source(seen) | flow::until(is_three) | flow::collect()), (std::vector{1, 2, 3}));
  EXPECT_EQ(seen.given, 3);
}

HOCKET_TEST(until, awaits_its_condition) {
  EXPECT_EQ(co_await (flow::range(5) | flow::until(is_small_to_the_slow) | flow::collect()), std::vector{0});
}

HOCKET_TEST(takewhile, ends_before_the_item_that_does_not_meet_its_condition) {
  observed seen;
  EXPECT_EQ(co_await (observed_source(seen) | flow::takewhile(is_small) | flow::collect()), (std::vector{1, 2}));
  EXPECT_EQ(seen.given, 3);
}

HOCKET_TEST(takewhile, awaits_its_condition) {
  EXPECT_EQ(co_await (flow::range(5) | flow::takewhile(is_small_to_the_slow) | flow::collect()),
            (std::vector{0, 1, 2}));
}

HOCKET_TEST(dropwhile, begins_with_the_item_that_does_not_meet_its_condition_and_asks_no_more) {
  EXPECT_EQ(co_await (std::vector{1, 3, 1} | flow::dropwhile(is_small) | flow::collect()), (std::vector{3, 1}));
}

HOCKET_TEST(dropwhile, awaits_its_condition) {
  EXPECT_EQ(co_await (flow::range(5) | flow::dropwhile(is_small_to_the_slow) | flow::collect()), (std::vector{3, 4}));
}
