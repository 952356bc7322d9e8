// The operators that a pipeline may begin with, but for `iterate`.

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/flow/call.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/empty.hpp>
#include <hocket/flow/just.hpp>
#include <hocket/flow/never.hpp>
#include <hocket/flow/preserve.hpp>
#include <hocket/flow/raise.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/flow/repeat.hpp>
#include <hocket/flow/take.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::message_of_call;
using hocket::testing::observed;
using hocket::testing::observed_source;
using hocket::testing::threw;
namespace flow = hocket::flow;

namespace {

hocket::coro<int> answer() {
  co_await hocket::sleep(1s);
  co_return 42;
}

}  // namespace

HOCKET_TEST(just, gives_its_value_and_ends) { EXPECT_EQ(co_await (flow::just(7) | flow::collect()), std::vector{7}); }

HOCKET_TEST(just, gives_what_an_awaitable_gives) {
  EXPECT_EQ(co_await (flow::just(answer()) | flow::collect()), std::vector{42});
}

HOCKET_TEST(call, gives_what_the_function_gives_for_its_arguments) {
  const auto items = co_await (flow::call([](int a, int b) { return a - b; }, 9, 2) | flow::collect());
  EXPECT_EQ(items, std::vector{7});
}

HOCKET_TEST(call, awaits_what_the_function_returns) {
  EXPECT_EQ(co_await (flow::call(answer) | flow::collect()), std::vector{42});
}

HOCKET_TEST(call, calls_the_function_when_the_item_is_asked_for) {
  bool called = false;
  auto items = flow::call([&] { return called = true; });
  EXPECT_FALSE(called);
  EXPECT_EQ(co_await items.next(), true);
}

HOCKET_TEST(empty, ends_at_once) { EXPECT_TRUE((co_await (flow::empty<int>() | flow::collect())).empty()); }

HOCKET_TEST(raise, throws_its_error_when_an_item_is_asked_for) {
  EXPECT_TRUE(
      threw<std::logic_error>(co_await hocket::as_result(flow::raise<int>(std::logic_error("so")) | flow::collect())));
}

HOCKET_TEST(raise, takes_an_exception_pointer) {
  const auto error = std::make_exception_ptr(std::logic_error("so"));
  EXPECT_TRUE(threw<std::logic_error>(co_await hocket::as_result(flow::raise<int>(error) | flow::collect())));
}

HOCKET_TEST(never, waits_until_it_is_cancelled) {
  const auto wait = []() -> hocket::coro<void> { co_await (flow::never<int>() | flow::collect()); };
  auto waiting = hocket::create_task(wait());
  co_await hocket::sleep(1h);
  EXPECT_FALSE(waiting.done());
  waiting.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(waiting));
}

HOCKET_TEST(range, gives_the_numbers_before_its_end) {
  EXPECT_EQ(co_await (flow::range(4) | flow::collect()), (std::vector{0, 1, 2, 3}));
}

HOCKET_TEST(range, begins_at_its_start_and_goes_by_its_step) {
  EXPECT_EQ(co_await (flow::range(1, 8, 3) | flow::collect()), (std::vector{1, 4, 7}));
  EXPECT_EQ(co_await (flow::range(1, 7, 3) | flow::collect()), (std::vector{1, 4}));
}

HOCKET_TEST(range, goes_down_if_its_step_is_negative) {
  EXPECT_EQ(co_await (flow::range(3, 0, -1) | flow::collect()), (std::vector{3, 2, 1}));
  EXPECT_EQ(co_await (flow::range(3U, 0U, -2) | flow::collect()), (std::vector{3U, 1U}));
}

HOCKET_TEST(range, is_empty_if_its_step_leads_away_from_the_end) {
  EXPECT_TRUE((co_await (flow::range(3, 0) | flow::collect())).empty());
  EXPECT_TRUE((co_await (flow::range(0, 3, -1) | flow::collect())).empty());
}

HOCKET_TEST(range, goes_from_one_end_of_its_type_to_the_other) {
  using limits = std::numeric_limits<std::int8_t>;
  const std::int8_t step = 100;
  EXPECT_EQ(co_await (flow::range(limits::min(), limits::max(), step) | flow::collect()),
            (std::vector<std::int8_t>{-128, -28, 72}));
  EXPECT_EQ(co_await (flow::range(limits::max(), limits::min(), limits::min()) | flow::collect()),
            (std::vector<std::int8_t>{127, -1}));
}

HOCKET_TEST(range, refuses_a_step_of_zero) {
  EXPECT_EQ(message_of_call([] HOCKET_CORO_WRAPPER { return flow::range(0, 3, 0); }), "range: the step must not be 0");
  co_return;
}

HOCKET_TEST(range, lets_an_interval_pass_between_its_numbers) {
  const auto begin = hocket::loop::running().time();
  co_await (flow::range(0, 3, 1, 1s) | flow::collect());
  EXPECT_EQ(hocket::loop::running().time() - begin, 2s);
}

HOCKET_TEST(count, has_no_end) {
  EXPECT_EQ(co_await (flow::count(5, 10) | flow::take(3) | flow::collect()), (std::vector{5, 15, 25}));
  EXPECT_EQ(co_await (flow::count() | flow::take(2) | flow::collect()), (std::vector<std::int64_t>{0, 1}));
}

HOCKET_TEST(count, throws_instead_of_passing_the_last_number_of_its_type) {
  auto items = flow::count(std::numeric_limits<int>::max());
  EXPECT_EQ(co_await items.next(), std::numeric_limits<int>::max());
  EXPECT_TRUE(threw<std::overflow_error>(co_await hocket::as_result(items.next())));
}

HOCKET_TEST(repeat, gives_copies_of_its_value) {
  EXPECT_EQ(co_await (flow::repeat(std::string("a"), 3) | flow::collect()), (std::vector<std::string>{"a", "a", "a"}));
}

HOCKET_TEST(repeat, has_no_end_unless_it_is_told_how_often) {
  EXPECT_EQ((co_await (flow::repeat(7) | flow::take(1000) | flow::collect())).size(), 1000U);
}

HOCKET_TEST(repeat, lets_its_interval_pass_between_the_items) {
  const auto begin = hocket::loop::running().time();
  co_await (flow::repeat(7, 3, 1s) | flow::collect());
  EXPECT_EQ(hocket::loop::running().time() - begin, 2s);
}

HOCKET_TEST(repeat, refuses_a_negative_number_of_times) {
  EXPECT_EQ(message_of_call([] HOCKET_CORO_WRAPPER { return flow::repeat(7, -1); }),
            "repeat(-1): the number must be 0 or more");
  co_return;
}

HOCKET_TEST(preserve, leaves_its_source_to_be_gone_on_with) {
  observed seen;
  auto numbers = observed_source(seen);
  EXPECT_EQ(co_await (flow::preserve(numbers) | flow::take(2) | flow::collect()), (std::vector{1, 2}));
  EXPECT_FALSE(seen.ended);
  EXPECT_EQ(co_await (std::move(numbers) | flow::take(2) | flow::collect()), (std::vector{3, 4}));
  EXPECT_TRUE(seen.ended);
}
