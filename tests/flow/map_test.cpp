#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/flow.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

#include "flow/sources.hpp"

using namespace std::chrono_literals;
using namespace hocket::testing;
namespace flow = hocket::flow;

namespace {

// Sleeps as many seconds as it is told.
hocket::coro<int> sleep_for(int seconds) {
  co_await hocket::sleep(std::chrono::seconds(seconds));
  co_return seconds;
}

/// A call that takes its time, and counts itself.
struct calls {
  int running = 0;
  int most = 0;
  int begun = 0;

  hocket::coro<int> operator()(int n, hocket::delay length) {
    struct leave {
      int& counted;
      ~leave() { --counted; }
    };
    ++begun;
    most = std::max(most, ++running);
    const leave at_the_end{running};
    co_await hocket::sleep(length);
    co_return n;
  }
};

struct page {
  std::string name;
  [[nodiscard]] bool is_long() const { return name.size() > 2; }
  hocket::coro<std::string> fetch() {
    co_await hocket::sleep(1s);
    co_return name + "!";
  }
  hocket::async_generator<char> letters() {
    for (const char letter : name) co_yield letter;
  }
};
const std::vector<page> pages{{"ab"}, {"cde"}};

}  // namespace

HOCKET_TEST(map, takes_a_member) {
  const std::vector<std::string> names{"ab", "cde"};
  const std::vector<std::string> fetched{"ab!", "cde!"};
  EXPECT_EQ(co_await (pages | flow::map(&page::name) | flow::collect()), names);
  EXPECT_EQ(co_await (pages | flow::map(&page::fetch) | flow::collect()), fetched);
  EXPECT_EQ(co_await (pages | flow::map(&page::fetch, {.task_limit = 2}) | flow::collect()), fetched);
}

HOCKET_TEST(filter, takes_a_member) {
  EXPECT_EQ((co_await (pages | flow::filter(&page::is_long) | flow::collect())).size(), 1U);
}

HOCKET_TEST(flatmap, takes_a_member) {
  EXPECT_EQ((co_await (pages | flow::flatmap(&page::letters) | flow::collect())).size(), 5U);
}

HOCKET_TEST(map, calls_its_function_for_each_item_in_order) {
  const auto squares = co_await (std::vector{1, 2, 3} | flow::map([](int n) { return n * n; }) | flow::collect());
  EXPECT_EQ(squares, (std::vector{1, 4, 9}));
}

HOCKET_TEST(map, awaits_what_its_function_returns) {
  const auto times = co_await times_of(std::vector{1, 2, 3} | flow::map(sleep_for));
  EXPECT_EQ(times, (std::vector{1.0, 3.0, 6.0}));
}

HOCKET_TEST(map, with_a_limit_of_one_makes_no_task) {
  const auto count_tasks = [](int) -> hocket::coro<std::size_t> { co_return hocket::all_tasks().size(); };
  const auto tasks = co_await (std::vector{1, 2} | flow::map(count_tasks, {.task_limit = 1}) | flow::collect());
  EXPECT_EQ(tasks, (std::vector<std::size_t>{1, 1}));
}

HOCKET_TEST(map, with_a_limit_runs_as_many_calls_at_the_same_time) {
  const auto times = co_await times_of(numbers(1, 0, 6, 0s) | flow::map(sleep_for, {.task_limit = 3}));
  EXPECT_EQ(times, (std::vector{1.0, 1.0, 1.0, 2.0, 2.0, 2.0}));
}

HOCKET_TEST(map, gives_results_in_the_order_of_the_items) {
  const auto items = co_await (std::vector{2, 4, 1, 3, 5} | flow::map(sleep_for, {.task_limit = 5}) | flow::collect());
  EXPECT_EQ(items, (std::vector{2, 4, 1, 3, 5}));
}

HOCKET_TEST(map, that_is_not_ordered_gives_results_as_calls_end) {
  const auto items = co_await (std::vector{2, 4, 1, 3, 5} |
                               flow::map(sleep_for, {.task_limit = std::nullopt, .ordered = false}) | flow::collect());
  EXPECT_EQ(items, (std::vector{1, 2, 3, 4, 5}));
}

HOCKET_TEST(map, keeps_the_order_and_the_limit_however_long_the_calls_take) {
  std::mt19937 random(7);
  for (const std::size_t limit : {2U, 3U, 8U, 50U}) {
    calls call;
    const auto take_long = [&] HOCKET_CORO_OWNING_WRAPPER(int n) {
      return call(n, std::chrono::milliseconds(random() % 1000));
    };
    const auto results =
        co_await (numbers(0, 1, 100, 0s) | flow::map(take_long, {.task_limit = limit}) | flow::collect());
    EXPECT_EQ(results, co_await (numbers(0, 1, 100, 0s) | flow::collect()));
    EXPECT_EQ(call.most, static_cast<int>(limit));
  }
}

HOCKET_TEST(map, that_is_not_ordered_keeps_the_limit_and_loses_nothing) {
  std::mt19937 random(7);
  calls call;
  const auto take_long = [&] HOCKET_CORO_OWNING_WRAPPER(int n) {
    return call(n, std::chrono::milliseconds(random() % 1000));
  };
  auto results =
      co_await (numbers(0, 1, 200, 0s) | flow::map(take_long, {.task_limit = 7, .ordered = false}) | flow::collect());
  EXPECT_FALSE(std::ranges::is_sorted(results));
  std::ranges::sort(results);
  EXPECT_EQ(results, co_await (numbers(0, 1, 200, 0s) | flow::collect()));
  EXPECT_EQ(call.most, 7);
}

HOCKET_TEST(map, takes_no_more_of_an_endless_source_than_it_has_room_for) {
  int made = 0;
  calls call;
  const auto one_second = [&] HOCKET_CORO_OWNING_WRAPPER(int n) { return call(n, 1s); };
  auto all = endless(made) | flow::map(one_second, {.task_limit = 4});
  for (int taken = 1; taken <= 10; ++taken) {
    static_cast<void>(co_await all.next());
    co_await hocket::sleep(1h);
    EXPECT_LE(made, taken + 4);
  }
  co_await all.close();
}

HOCKET_TEST(map, throws_the_error_of_a_call_in_its_turn_and_cancels_the_others) {
  calls call;
  const auto fail_the_second = [&](int n) -> hocket::coro<int> {
    if (n == 1) throw std::runtime_error("failed");
    co_return co_await call(n, std::chrono::seconds(1 + 100 * n));
  };
  auto all = numbers(0, 1, 4, 0s) | flow::map(fail_the_second, {.task_limit = 4});
  EXPECT_EQ(co_await all.next(), 0);
  EXPECT_EQ(call.running, 2);
  const stopwatch watch;
  EXPECT_EQ(co_await error_of_next(all), "failed");
  EXPECT_EQ(call.running, 0);
  EXPECT_EQ(watch.seconds(), 0.0);
}

HOCKET_TEST(map, closed_early_cancels_its_calls_and_then_closes_its_source) {
  trace log;
  const auto call = [&log](const std::string&) -> hocket::coro<int> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      log.emplace_back("call cancelled");
      throw;
    }
    co_return 0;
  };
  auto all = ticker("source", 1s, log) | flow::map(call, {.task_limit = 2});
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(all.next(), 2500ms)));
  EXPECT_EQ(log, (trace{"call cancelled", "call cancelled", "source closed"}));
}

HOCKET_TEST(map, takes_items_and_gives_results_that_can_only_be_moved) {
  std::vector<std::unique_ptr<int>> owners;
  for (int n = 0; n < 3; ++n) owners.push_back(std::make_unique<int>(n));
  const auto pass_on = [](std::unique_ptr<int> owner) -> hocket::coro<std::unique_ptr<int>> {
    co_await hocket::sleep(1s);
    co_return owner;
  };
  const auto each = [](std::vector<std::unique_ptr<int>> all) -> hocket::async_generator<std::unique_ptr<int>> {
    for (auto& one : all) co_yield std::move(one);
  };
  const auto passed = co_await (each(std::move(owners)) | flow::map(pass_on, {.task_limit = 2}) | flow::collect());
  EXPECT_EQ(*passed.at(2), 2);
}

HOCKET_TEST(map, refuses_a_limit_of_nothing) {
  bool refused = false;
  try {
    static_cast<void>(flow::map(sleep_for, {.task_limit = 0}));
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  EXPECT_TRUE(refused);
  co_return;
}

HOCKET_TEST(starmap, with_a_limit_runs_as_many_calls_at_the_same_time) {
  const auto add_later = [](int a, const int& b) -> hocket::coro<int> {
    co_await hocket::sleep(1s);
    co_return a + b;
  };
  const stopwatch watch;
  const auto sums = co_await (flow::zip(std::vector{1, 2, 3}, std::vector{10, 20, 30}) |
                              flow::starmap(add_later, {.task_limit = 3}) | flow::collect());
  EXPECT_EQ(sums, (std::vector{11, 22, 33}));
  EXPECT_EQ(watch.seconds(), 1.0);
}
