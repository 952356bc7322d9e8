// What holds for every pipeline, whatever its stages are.

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/flow.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::observed;
using hocket::testing::observed_source;
using hocket::testing::threw;
namespace flow = hocket::flow;

namespace {

using names = std::vector<std::string>;

struct noted_end {
  ~noted_end() { ended.push_back(name); }
  names& ended;
  std::string name;
};

hocket::async_generator<int> passed_on(hocket::async_generator<int> source, names& ended, std::string name) {
  const noted_end end(ended, std::move(name));
  while (auto item = co_await source.next()) co_yield *item;
}

/// Gives its items on, and notes when it ends.
auto noted(names& ended, std::string name) {
  return flow::stage([&ended, name] HOCKET_CORO_OWNING_WRAPPER(hocket::async_generator<int> source) {
    return passed_on(std::move(source), ended, name);
  });
}

/// The first item of a pipeline, which is then closed, and how many items its source was asked for.
template <class Stage>
hocket::coro<int> asked_for_one_item(Stage stage) {
  observed seen;
  auto items = observed_source(seen) | std::move(stage);
  EXPECT_EQ(seen.given, 0);
  EXPECT_TRUE((co_await items.next()).has_value());
  const int asked = seen.given;
  EXPECT_FALSE(seen.ended);
  co_await items.close();
  EXPECT_TRUE(seen.ended);
  EXPECT_EQ(seen.given, asked);
  co_return asked;
}

/// True if a function that throws ends the pipeline with its exception, and has its source closed.
template <class Stage>
hocket::coro<bool> is_closed_by_the_exception(Stage stage) {
  observed seen;
  auto items = observed_source(seen) | std::move(stage);
  std::exception_ptr error;
  try {
    while (co_await items.next()) continue;
  } catch (...) {
    error = std::current_exception();
  }
  co_return (error != nullptr && seen.ended && items.ended());
}

constexpr auto fail = [](auto&&...) -> int { throw std::logic_error("so"); };
constexpr auto fail_later = [](auto...) -> hocket::coro<int> {
  co_await hocket::sleep(1s);
  throw std::logic_error("so");
};

}  // namespace

HOCKET_TEST(pipeline, closed_at_its_end_closes_from_the_last_stage_to_the_source) {
  names ended;
  observed seen;
  auto items = observed_source(seen) | noted(ended, "1st") | noted(ended, "2nd") | noted(ended, "3rd") |
               noted(ended, "4th") | noted(ended, "5th");
  EXPECT_EQ(co_await items.next(), 1);
  EXPECT_TRUE(ended.empty());
  co_await items.close();
  EXPECT_EQ(ended, (names{"5th", "4th", "3rd", "2nd", "1st"}));
  EXPECT_TRUE(seen.ended);
}

HOCKET_TEST(pipeline, that_ends_in_the_middle_closes_what_is_before_and_then_ends_what_is_behind) {
  names ended;
  observed seen;
  auto items = observed_source(seen) | noted(ended, "1st") | noted(ended, "2nd") | flow::take(1) | noted(ended, "4th") |
               noted(ended, "5th");
  EXPECT_EQ(co_await items.next(), 1);
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(co_await items.next(), std::nullopt);
  EXPECT_EQ(ended, (names{"2nd", "1st", "4th", "5th"}));
  EXPECT_TRUE(seen.ended);
}

HOCKET_TEST(pipeline, that_fails_in_the_middle_closes_what_is_before_and_then_ends_what_is_behind) {
  names ended;
  observed seen;
  auto items = observed_source(seen) | noted(ended, "1st") | noted(ended, "2nd") | flow::map(fail) |
               noted(ended, "4th") | noted(ended, "5th");
  EXPECT_TRUE(threw<std::logic_error>(co_await hocket::as_result(items.next())));
  EXPECT_EQ(ended, (names{"2nd", "1st", "4th", "5th"}));
  EXPECT_TRUE(seen.ended);
}

HOCKET_TEST(pipeline, that_is_cancelled_ends_from_where_it_waits) {
  names ended;
  const auto use = [&]() -> hocket::coro<void> {
    co_await (flow::never<int>() | noted(ended, "1st") | noted(ended, "2nd") | flow::timeout(1h) | noted(ended, "4th") |
              flow::for_each([](int) {}));
  };
  auto user = hocket::create_task(use());
  co_await hocket::testing::wait_all_tasks_blocked();
  user.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(user));
  EXPECT_EQ(ended, (names{"1st", "2nd", "4th"}));
}

HOCKET_TEST(pipeline, waits_for_what_its_source_does_when_it_is_closed) {
  const auto slow_to_close = []() -> hocket::async_generator<int> {
    std::exception_ptr error;
    try {
      while (true) co_yield 7;
    } catch (...) {
      error = std::current_exception();
    }
    co_await hocket::sleep(5s);
    std::rethrow_exception(error);
  };
  const auto begin = hocket::loop::running().time();
  EXPECT_EQ(co_await (slow_to_close() | flow::enumerate() | flow::skip(1) | flow::take(1) | flow::collect()),
            (std::vector{std::pair(std::ptrdiff_t{1}, 7)}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 5s);
}

HOCKET_TEST(pipeline, asks_its_source_for_no_more_than_it_needs_to_give_an_item) {
  const auto is_even = [](int n) { return n % 2 == 0; };
  const auto is_small = [](int n) { return n < 3; };
  EXPECT_EQ(co_await asked_for_one_item(flow::map(std::negate())), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::enumerate()), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::cycle()), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::chunks(3)), 3);
  EXPECT_EQ(co_await asked_for_one_item(flow::take(3)), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::skip(3)), 4);
  EXPECT_EQ(co_await asked_for_one_item(flow::skiplast(3)), 4);
  EXPECT_EQ(co_await asked_for_one_item(flow::getitem(3)), 4);
  EXPECT_EQ(co_await asked_for_one_item(flow::getitem({.start = 3, .step = 2})), 4);
  EXPECT_EQ(co_await asked_for_one_item(flow::filter(is_even)), 2);
  EXPECT_EQ(co_await asked_for_one_item(flow::until(is_even)), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::takewhile(is_small)), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::dropwhile(is_small)), 3);
  EXPECT_EQ(co_await asked_for_one_item(flow::accumulate()), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::spaceout(1s)), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::delay(1s)), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::timeout(1s)), 1);
  EXPECT_EQ(co_await asked_for_one_item(flow::action([](int) {})), 1);
}

HOCKET_TEST(pipeline, closes_its_source_when_a_function_throws) {
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::map(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::enumerate() | flow::starmap(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::filter(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::until(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::takewhile(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::dropwhile(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::accumulate(fail)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::action(fail)));
  EXPECT_TRUE(
      co_await is_closed_by_the_exception(flow::print([](int) -> std::string { return std::to_string(fail()); })));
}

HOCKET_TEST(pipeline, closes_its_source_when_a_coroutine_of_its_throws) {
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::map(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::enumerate() | flow::starmap(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::filter(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::until(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::takewhile(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::dropwhile(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::accumulate(fail_later)));
  EXPECT_TRUE(co_await is_closed_by_the_exception(flow::action(fail_later)));
}

HOCKET_TEST(pipeline, on_an_endless_source_is_never_ahead_of_its_user) {
  observed seen;
  int used = 0;
  co_await (observed_source(seen) | flow::map(std::negate()) | flow::enumerate() | flow::chunks(2) |
            flow::action([](const auto&) {}) | flow::take(10'000) | flow::for_each([&](const auto&) {
              used += 2;
              EXPECT_EQ(seen.given, used);
            }));
  EXPECT_EQ(seen.given, 20'000);
}

HOCKET_TEST(pipeline, begins_when_its_first_item_is_asked_for_and_not_before) {
  observed seen;
  {
    auto dropped = observed_source(seen) | flow::map(fail) | flow::take(3);
  }
  EXPECT_EQ(seen.given, 0);
  co_return;
}

HOCKET_TEST(stage, made_of_stages_serves_several_sources) {
  const auto even_squares =
      flow::map([](int n) { return n * n; }) | flow::filter([](int n) { return n % 2 == 0; }) | flow::collect();
  EXPECT_EQ(co_await (flow::range(5) | even_squares), (std::vector{0, 4, 16}));
  EXPECT_EQ(co_await (flow::range(5, 8) | even_squares), std::vector{36});
}
