// Sources of sources: concat, flatten and switch. The schedules of times are aiostream's.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/flow.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

#include "flow/sources.hpp"

using namespace std::chrono_literals;
using namespace hocket::testing;
namespace flow = hocket::flow;

namespace {

using timeline = std::vector<std::pair<double, int>>;

hocket::coro<timeline> timeline_of(hocket::async_generator<int> source) {
  const stopwatch watch;
  timeline items;
  while (auto item = co_await source.next()) items.emplace_back(watch.seconds(), *item);
  co_return items;
}

const auto two_of_each = [] HOCKET_CORO_OWNING_WRAPPER(int first) { return numbers(first, 1, 2, 5s); };

// Counts how many sources run.
struct counter {
  int running = 0;
  int most = 0;
  int made = 0;
};
hocket::async_generator<int> counted(counter& count, int item, hocket::delay length) {
  struct leave {
    counter& of;
    ~leave() { --of.running; }
  };
  ++count.made;
  count.most = std::max(count.most, ++count.running);
  const leave at_the_end{count};
  co_yield item;
  co_await hocket::sleep(length);
  co_yield item;
}

/// Sources that are given by name: 'name' ticks each second.
hocket::async_generator<hocket::async_generator<std::string>> tickers(std::vector<std::string> names,
                                                                      hocket::delay interval, trace& log) {
  for (auto& name : names) {
    log.push_back(name + " made");
    co_yield ticker(name, 1s, log, 500ms);
    co_await hocket::sleep(interval);
  }
  co_await hocket::sleep(1h);
}

using shared_text = std::shared_ptr<const std::string>;

/// The letters of a text that it refers to as long as it is there; says at its end whether the text was there still.
hocket::async_generator<char> letters_of(const shared_text& text, std::weak_ptr<const std::string> alive, trace& log) {
  struct leave {
    const std::weak_ptr<const std::string>& alive;
    trace& log;
    ~leave() { log.emplace_back(alive.expired() ? "gone" : "there"); }
  };
  const leave at_the_end{alive, log};
  for (std::size_t n = 0; !alive.expired() && n < text->size(); ++n) {
    co_yield (*text)[n];
    co_await hocket::sleep(1s);
  }
}

/// What a stage does that makes `letters_of` each text, and is run to its end, closed, and dropped at rest.
template <class Stage>
hocket::coro<void> expect_items_to_outlive_their_sources(Stage stage, const trace& log) {
  const auto source = [] { return std::vector<shared_text>{std::make_shared<const std::string>("text")}; };
  EXPECT_EQ(co_await (source() | stage | flow::collect()), (std::vector{'t', 'e', 'x', 't'}));
  auto closed = source() | stage;
  EXPECT_EQ(co_await closed.next(), 't');
  co_await closed.close();
  {
    auto dropped = source() | stage;
    EXPECT_EQ(co_await dropped.next(), 't');
  }
  co_await hocket::sleep(1ms);
  EXPECT_EQ(log, (trace{"there", "there", "there"}));
}

const auto letters_into = [](trace& log) {
  return [&log] HOCKET_CORO_OWNING_WRAPPER(const shared_text& text) { return letters_of(text, text, log); };
};

const auto view_of = [](const std::vector<int>& numbers) { return std::views::all(numbers); };
const std::vector<std::vector<int>> rows{{1, 2}};

}  // namespace

HOCKET_TEST(concatmap, keeps_an_item_as_long_as_the_source_that_refers_to_it) {
  trace log;
  co_await expect_items_to_outlive_their_sources(flow::concatmap(letters_into(log)), log);
}

HOCKET_TEST(concatmap, takes_a_function_that_gives_a_view_of_the_item) {
  EXPECT_EQ(co_await (rows | flow::concatmap(view_of) | flow::collect()), (std::vector{1, 2}));
}

HOCKET_TEST(flatmap, keeps_an_item_as_long_as_the_source_that_refers_to_it) {
  trace log;
  co_await expect_items_to_outlive_their_sources(flow::flatmap(letters_into(log)), log);
}

HOCKET_TEST(flatmap, takes_a_function_that_gives_a_view_of_the_item) {
  EXPECT_EQ(co_await (rows | flow::flatmap(view_of) | flow::collect()), (std::vector{1, 2}));
}

HOCKET_TEST(switchmap, keeps_an_item_as_long_as_the_source_that_refers_to_it) {
  trace log;
  co_await expect_items_to_outlive_their_sources(flow::switchmap(letters_into(log)), log);
}

HOCKET_TEST(switchmap, takes_a_function_that_gives_a_view_of_the_item) {
  EXPECT_EQ(co_await (rows | flow::switchmap(view_of) | flow::collect()), (std::vector{1, 2}));
}

HOCKET_TEST(concatmap, runs_the_next_sources_already_and_keeps_their_order) {
  const auto items =
      co_await timeline_of(numbers(0, 2, 3, 1s) | flow::concatmap(two_of_each, {.task_limit = std::nullopt}));
  EXPECT_EQ(items, (timeline{{0, 0}, {5, 1}, {5, 2}, {10, 3}, {10, 4}, {15, 5}}));
}

HOCKET_TEST(concatmap, with_a_limit_of_one_runs_one_source_after_the_other) {
  const auto items = co_await timeline_of(numbers(0, 2, 3, 1s) | flow::concatmap(two_of_each, {.task_limit = 1}));
  EXPECT_EQ(items, (timeline{{0, 0}, {5, 1}, {6, 2}, {11, 3}, {12, 4}, {17, 5}}));
}

HOCKET_TEST(concatmap, gives_each_item_as_soon_as_it_comes) {
  const auto times = co_await times_of(
      std::vector{2} | flow::concatmap([] HOCKET_CORO_OWNING_WRAPPER(int first) { return numbers(first, 1, 4, 1s); }));
  EXPECT_EQ(times, (std::vector{0.0, 1.0, 2.0, 3.0}));
}

HOCKET_TEST(concatmap, takes_a_function_that_gives_a_range) {
  const auto twice = [](int n) { return std::vector{n, n}; };
  EXPECT_EQ(co_await (std::vector{1, 2} | flow::concatmap(twice) | flow::collect()), (std::vector{1, 1, 2, 2}));
}

HOCKET_TEST(concatmap, throws_an_error_of_a_source_when_its_turn_comes) {
  const auto make = [] HOCKET_CORO_OWNING_WRAPPER(int n) {
    return n == 0 ? numbers(0, 1, 3, 1s) : failing_after({10}, 0s);
  };
  auto all = std::vector{0, 1} | flow::concatmap(make);
  std::vector<int> items;
  for (int n = 0; n < 4; ++n) items.push_back(*co_await all.next());
  EXPECT_EQ(items, (std::vector{0, 1, 2, 10}));
  EXPECT_EQ(co_await error_of_next(all), "failed");
}

HOCKET_TEST(concatmap, throws_an_error_of_the_outer_source_at_once) {
  auto all = failing_after({0, 2}, 1s) | flow::concatmap(two_of_each);
  static_cast<void>(co_await all.next());
  const stopwatch watch;
  EXPECT_EQ(co_await error_of_next(all), "failed");
  EXPECT_EQ(watch.seconds(), 1.0);
}

HOCKET_TEST(concatmap, keeps_to_its_limit) {
  counter count;
  const auto make = [&count] HOCKET_CORO_OWNING_WRAPPER(int n) { return counted(count, n, 1s); };
  const auto items = co_await (numbers(0, 1, 20, 0s) | flow::concatmap(make, {.task_limit = 3}) | flow::collect());
  EXPECT_EQ(items.size(), 40U);
  EXPECT_EQ(count.most, 3);
}

HOCKET_TEST(concatmap, asks_an_endless_source_for_no_more_than_its_limit) {
  int made = 0;
  auto all = endless(made) | flow::concatmap(two_of_each, {.task_limit = 4});
  static_cast<void>(co_await all.next());
  co_await hocket::sleep(1h);
  EXPECT_LE(made, 4);
  co_await all.close();
}

HOCKET_TEST(concatmap, refuses_a_limit_of_nothing) {
  bool refused = false;
  try {
    static_cast<void>(flow::concatmap(two_of_each, {.task_limit = 0}));
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  EXPECT_TRUE(refused);
  co_return;
}

HOCKET_TEST(concat, gives_the_items_of_sources_of_a_source_in_order) {
  const auto sources = [] HOCKET_CORO_OWNING_WRAPPER(int first) { return numbers(first, 1, 2, 1s); };
  const auto all = co_await (std::vector{0, 10} | flow::map(sources) | flow::concat() | flow::collect());
  EXPECT_EQ(all, (std::vector{0, 1, 10, 11}));
}

HOCKET_TEST(flatmap, gives_items_as_they_come) {
  const auto items = co_await timeline_of(numbers(0, 2, 3, 1s) | flow::flatmap(two_of_each));
  EXPECT_EQ(items, (timeline{{0, 0}, {1, 2}, {2, 4}, {5, 1}, {6, 3}, {7, 5}}));
}

HOCKET_TEST(flatmap, with_a_limit_of_one_runs_one_source_after_the_other) {
  const auto items = co_await timeline_of(numbers(0, 2, 3, 1s) | flow::flatmap(two_of_each, {.task_limit = 1}));
  EXPECT_EQ(items, (timeline{{0, 0}, {5, 1}, {6, 2}, {11, 3}, {12, 4}, {17, 5}}));
}

HOCKET_TEST(flatmap, with_a_limit_asks_for_the_next_source_when_one_has_ended) {
  const auto items = co_await timeline_of(numbers(0, 2, 3, 1s) | flow::flatmap(two_of_each, {.task_limit = 2}));
  EXPECT_EQ(items, (timeline{{0, 0}, {1, 2}, {5, 1}, {6, 3}, {6, 4}, {11, 5}}));
}

HOCKET_TEST(flatmap, keeps_to_its_limit) {
  counter count;
  const auto make = [&count] HOCKET_CORO_OWNING_WRAPPER(int n) {
    return counted(count, n, std::chrono::seconds(1 + n % 3));
  };
  const auto items = co_await (numbers(0, 1, 50, 0s) | flow::flatmap(make, {.task_limit = 5}) | flow::collect());
  EXPECT_EQ(items.size(), 100U);
  EXPECT_EQ(count.most, 5);
}

HOCKET_TEST(flatmap, has_a_limit_unless_told_otherwise) {
  counter count;
  const auto make = [&count] HOCKET_CORO_OWNING_WRAPPER(int n) { return counted(count, n, 1h); };
  int made = 0;
  auto all = endless(made) | flow::flatmap(make);
  for (int n = 0; n < 16; ++n) static_cast<void>(co_await all.next());
  EXPECT_EQ(count.most, 16);
  EXPECT_EQ(made, 16);
  co_await hocket::sleep(1s);
  EXPECT_EQ(made, 16);
  co_await all.close();
}

HOCKET_TEST(flatmap, without_a_limit_runs_any_number) {
  counter count;
  const auto make = [&count] HOCKET_CORO_OWNING_WRAPPER(int n) { return counted(count, n, 1h); };
  const auto times = co_await times_of(numbers(0, 1, 1000, 0s) | flow::flatmap(make, {.task_limit = std::nullopt}));
  EXPECT_EQ(times.size(), 2000U);
  EXPECT_EQ(count.most, 1000);
}

HOCKET_TEST(flatmap, cancels_all_sources_when_one_fails) {
  counter count;
  const auto make = [&count] HOCKET_CORO_OWNING_WRAPPER(int n) {
    return n == 5 ? failing_after({}, 1s) : counted(count, n, 1h);
  };
  EXPECT_TRUE(co_await throws<std::runtime_error>(numbers(0, 1, 10, 0s) | flow::flatmap(make) | flow::collect()));
  EXPECT_EQ(count.made, 9);
  EXPECT_EQ(count.running, 0);
}

HOCKET_TEST(flatmap, that_fails_to_make_a_source_cancels_all_others) {
  counter count;
  const auto make = [&count] HOCKET_CORO_OWNING_WRAPPER(int n) {
    if (n == 3) throw std::runtime_error("cannot make it");
    return counted(count, n, 1h);
  };
  auto all = numbers(0, 1, 10, 1s) | flow::flatmap(make);
  for (int n = 0; n < 3; ++n) static_cast<void>(co_await all.next());
  EXPECT_EQ(co_await error_of_next(all), "cannot make it");
  EXPECT_EQ(count.running, 0);
}

HOCKET_TEST(flatten, takes_a_view_that_makes_its_sources) {
  EXPECT_EQ(co_await (two_sources() | flow::flatten() | flow::collect()), (std::vector{0, 1, 2, 3}));
}

HOCKET_TEST(flatten, closes_its_sources_in_order_and_the_outer_one_last) {
  trace log;
  const auto outer = [](trace& log) -> hocket::async_generator<hocket::async_generator<std::string>> {
    try {
      co_yield ticker("a", 1s, log, 3s);
      co_yield ticker("b", 1s, log, 2s);
      co_yield ticker("c", 1s, log, 1s);
    } catch (const hocket::generator_exit&) {
      log.emplace_back("outer closed");
      throw;
    }
  };
  auto all = outer(log) | flow::flatten({.task_limit = 3});
  static_cast<void>(co_await all.next());
  co_await hocket::sleep(1ms);
  co_await all.close();
  EXPECT_EQ(log, (trace{"a closed", "b closed", "c closed", "outer closed"}));
}

HOCKET_TEST(flatten, dropped_at_rest_leaves_what_its_sources_refer_to_until_they_have_ended) {
  trace log;
  {
    // The function owns what its sources refer to.
    auto make = [name = std::string("a name that is too long to be small"), &log](int) -> hocket::async_generator<int> {
      try {
        for (int n = 0;; ++n) {
          co_yield n;
          co_await hocket::sleep(1s);
        }
      } catch (const hocket::cancelled&) {
      } catch (const hocket::generator_exit&) {
      }
      co_await hocket::sleep(1s);
      log.push_back(name);
    };
    auto all = std::vector{1, 2} | flow::flatmap(std::move(make));
    for (int n = 0; n < 3; ++n) static_cast<void>(co_await all.next());
    co_await hocket::sleep(1ms);
  }
  co_await hocket::sleep(5s);
  EXPECT_EQ(hocket::all_tasks().size(), 1U);
  EXPECT_EQ(log, trace(2, "a name that is too long to be small"));
}

HOCKET_TEST(switchmap, gives_the_items_of_the_source_that_came_last) {
  const auto make = [] HOCKET_CORO_OWNING_WRAPPER(int first) { return numbers(first, 1, 5, 1s); };
  const auto items = co_await timeline_of(numbers(0, 10, 3, 3s) | flow::switchmap(make));
  EXPECT_EQ(
      items,
      (timeline{{0, 0}, {1, 1}, {2, 2}, {3, 10}, {4, 11}, {5, 12}, {6, 20}, {7, 21}, {8, 22}, {9, 23}, {10, 24}}));
}

HOCKET_TEST(switch_, closes_the_old_source_before_it_begins_the_new_one) {
  trace log;
  const auto make = [&log] HOCKET_CORO_OWNING_WRAPPER(const std::string& name) {
    log.push_back(name + " made");
    return ticker(name, 1s, log, 500ms);
  };
  auto all = tickers({"a", "b"}, 1500ms, log) | flow::switch_();
  EXPECT_EQ(co_await all.next(), "a");
  EXPECT_EQ(co_await all.next(), "b");
  EXPECT_EQ(log, (trace{"a made", "b made", "a cancelled"}));
  co_await all.close();

  log.clear();
  auto mapped = std::vector<std::string>{"a", "b"} | flow::switchmap(make);
  EXPECT_EQ(co_await mapped.next(), "b");
  EXPECT_EQ(log, (trace{"a made", "a cancelled", "b made"}));
  co_await mapped.close();
}

HOCKET_TEST(switch_, loses_what_the_old_source_had_ready) {
  trace log;
  auto all = tickers({"a", "b"}, 1500ms, log) | flow::switch_();
  EXPECT_EQ(co_await all.next(), "a");
  co_await hocket::sleep(1h);
  EXPECT_EQ(co_await all.next(), "b");
  EXPECT_EQ(log, (trace{"a made", "b made", "a closed"}));
  co_await all.close();
}

HOCKET_TEST(switch_, goes_on_to_the_new_source_even_if_an_item_of_the_old_one_comes_at_the_same_time) {
  trace log;
  auto all = tickers({"a", "b"}, 1s, log) | flow::switch_();
  EXPECT_EQ(co_await all.next(), "b");
  co_await all.close();
}

HOCKET_TEST(switch_, throws_an_error_of_the_source_at_work_and_closes_the_outer_one) {
  trace log;
  const auto make = [] HOCKET_CORO_OWNING_WRAPPER(const std::string&) { return failing_after({1}, 500ms); };
  auto all = ticker("outer", 1s, log) | flow::switchmap(make);
  EXPECT_EQ(co_await all.next(), 1);
  EXPECT_EQ(co_await error_of_next(all), "failed");
  EXPECT_EQ(log, trace{"outer cancelled"});
}
