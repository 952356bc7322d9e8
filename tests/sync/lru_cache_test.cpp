#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lru_cache.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::invalid_state_error;
using hocket::lru_cache;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// A source of values that tells how often it was asked.
struct source {
  int loads = 0;
  int cancelled = 0;
  hocket::duration takes = 1s;

  [[nodiscard]] auto loader() {
    return [this](int key) -> coro<std::string> {
      ++loads;
      try {
        co_await hocket::sleep(takes);
      } catch (const hocket::cancelled&) {
        ++cancelled;
        throw;
      }
      co_return "value " + std::to_string(key);
    };
  }
};

using cache = lru_cache<int, std::string>;

HOCKET_TEST(lru_cache, loads_a_value_once) {
  source from;
  cache values(from.loader());
  EXPECT_EQ(co_await values(1), "value 1");
  EXPECT_EQ(co_await values.get(1), "value 1");
  EXPECT_EQ(from.loads, 1);
}

HOCKET_TEST(lru_cache, does_not_wait_for_what_it_has) {
  source from;
  cache values(from.loader());
  co_await values(1);
  const auto turns = hocket::loop::running().counters().turns;
  co_await values(1);
  EXPECT_EQ(hocket::loop::running().counters().turns, turns);
}

HOCKET_TEST(lru_cache, loads_once_for_all_who_ask_meanwhile) {
  source from;
  cache values(from.loader());
  const auto [one, other] = co_await hocket::gather(values(1), values(1));
  EXPECT_EQ(one, "value 1");
  EXPECT_EQ(other, "value 1");
  EXPECT_EQ(from.loads, 1);
}

HOCKET_TEST(lru_cache, counts_hits_and_misses) {
  source from;
  cache values(from.loader(), {.maxsize = 7});
  co_await values(1);
  co_await values(1);
  co_await values(2);
  const auto info = values.cache_info();
  EXPECT_EQ(info.hits, 1U);
  EXPECT_EQ(info.misses, 2U);
  EXPECT_EQ(info.maxsize, 7U);
  EXPECT_EQ(info.currsize, 2U);
}

HOCKET_TEST(lru_cache, forgets_what_was_not_asked_for_longest) {
  source from;
  cache values(from.loader(), {.maxsize = 2});
  co_await values(1);
  co_await values(2);
  co_await values(1);
  co_await values(3);
  EXPECT_TRUE(values.cache_contains(1));
  EXPECT_FALSE(values.cache_contains(2));
  EXPECT_TRUE(values.cache_contains(3));
}

HOCKET_TEST(lru_cache, forgets_nothing_without_a_bound) {
  source from;
  cache values(from.loader(), {.maxsize = std::nullopt});
  for (int n = 0; n < 200; ++n) co_await values(n);
  EXPECT_EQ(values.cache_info().currsize, 200U);
}

HOCKET_TEST(lru_cache, that_may_hold_nothing_still_gives_values) {
  source from;
  cache values(from.loader(), {.maxsize = 0});
  EXPECT_EQ(co_await values(1), "value 1");
  EXPECT_EQ(co_await values(1), "value 1");
  EXPECT_EQ(from.loads, 2);
}

HOCKET_TEST(lru_cache, loads_again_when_a_value_is_too_old) {
  source from;
  cache values(from.loader(), {.ttl = 10s});
  co_await values(1);
  co_await hocket::sleep(9s);
  co_await values(1);
  EXPECT_EQ(from.loads, 1);
  co_await hocket::sleep(1s);
  co_await values(1);
  EXPECT_EQ(from.loads, 2);
}

HOCKET_TEST(lru_cache, does_not_hold_what_is_too_old) {
  source from;
  cache values(from.loader(), {.maxsize = std::nullopt, .ttl = 10s});
  for (int n = 0; n < 5; ++n) co_await values(n);
  co_await hocket::sleep(8s);
  EXPECT_EQ(values.cache_info().currsize, 2U);
  EXPECT_FALSE(values.cache_contains(0));
}

HOCKET_TEST(lru_cache, throws_the_error_of_a_load_at_all_who_wait_and_does_not_remember_it) {
  int loads = 0;
  cache values([&loads](int) -> coro<std::string> {
    co_await hocket::sleep(1s);
    if (++loads == 1) throw std::runtime_error("broken");
    co_return "value";
  });
  const auto outcomes = co_await hocket::gather(hocket::return_exceptions, values(1), values(1));
  EXPECT_FALSE(std::get<0>(outcomes).has_value());
  EXPECT_FALSE(std::get<1>(outcomes).has_value());
  EXPECT_EQ(values.cache_info().currsize, 0U);
  EXPECT_EQ(co_await values(1), "value");
}

HOCKET_TEST(lru_cache, leaves_a_load_to_the_others_when_one_who_waits_is_cancelled) {
  source from;
  cache values(from.loader());
  auto first = create_task(values(1));
  auto second = create_task(values(1));
  co_await wait_all_tasks_blocked();
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(from.cancelled, 0);
  EXPECT_EQ(co_await second, "value 1");
}

HOCKET_TEST(lru_cache, cancels_a_load_with_the_last_one_who_waits) {
  source from;
  cache values(from.loader());
  auto first = create_task(values(1));
  auto second = create_task(values(1));
  co_await wait_all_tasks_blocked();
  first.cancel();
  second.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_TRUE(co_await ends_cancelled(second));
  EXPECT_EQ(from.cancelled, 1);
  EXPECT_EQ(values.cache_info().currsize, 0U);
}

HOCKET_TEST(lru_cache, begins_another_load_for_who_asks_after_the_cancellation) {
  source from;
  cache values(from.loader());
  auto first = create_task(values(1));
  co_await wait_all_tasks_blocked();
  first.cancel();
  EXPECT_EQ(co_await values(1), "value 1");
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(from.loads, 2);
  EXPECT_TRUE(values.cache_contains(1));
}

HOCKET_TEST(lru_cache, forgets_a_key_that_is_invalidated) {
  source from;
  cache values(from.loader());
  co_await values(1);
  EXPECT_TRUE(values.cache_invalidate(1));
  EXPECT_FALSE(values.cache_invalidate(1));
  co_await values(1);
  EXPECT_EQ(from.loads, 2);
}

HOCKET_TEST(lru_cache, does_not_keep_a_value_that_is_invalidated_while_it_is_loaded) {
  source from;
  cache values(from.loader());
  auto waiting = create_task(values(1));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(values.cache_invalidate(1));
  EXPECT_EQ(co_await waiting, "value 1");
  EXPECT_FALSE(values.cache_contains(1));
}

HOCKET_TEST(lru_cache, keeps_the_second_load_of_a_key_that_was_invalidated_during_the_first) {
  source from;
  cache values(from.loader());
  auto first = create_task(values(1));
  co_await wait_all_tasks_blocked();
  values.cache_invalidate(1);
  co_await hocket::sleep(500ms);
  auto second = create_task(values(1));
  co_await first;
  EXPECT_TRUE(values.cache_contains(1));
  co_await second;
  EXPECT_TRUE(values.cache_contains(1));
  EXPECT_EQ(from.loads, 2);
}

HOCKET_TEST(lru_cache, forgets_everything_when_it_is_cleared) {
  source from;
  cache values(from.loader());
  co_await values(1);
  auto waiting = create_task(values(2));
  co_await wait_all_tasks_blocked();
  values.cache_clear();
  EXPECT_EQ(co_await waiting, "value 2");
  const auto info = values.cache_info();
  EXPECT_EQ(info.hits + info.misses + info.currsize, 0U);
}

HOCKET_TEST(lru_cache, cancels_loads_and_waits_for_them_when_it_is_closed) {
  source from;
  cache values(from.loader());
  auto waiting = create_task(values(1));
  co_await wait_all_tasks_blocked();
  co_await values.cache_close();
  EXPECT_EQ(from.cancelled, 1);
  EXPECT_TRUE(co_await ends_cancelled(waiting));
}

HOCKET_TEST(lru_cache, waits_for_loads_when_it_is_told_to_as_it_is_closed) {
  source from;
  cache values(from.loader());
  auto waiting = create_task(values(1));
  co_await wait_all_tasks_blocked();
  co_await values.cache_close({.wait = true});
  EXPECT_TRUE(waiting.done());
  EXPECT_EQ(co_await waiting, "value 1");
}

HOCKET_TEST(lru_cache, answers_nobody_once_it_is_closed) {
  source from;
  cache values(from.loader());
  co_await values(1);
  co_await values.cache_close();
  const auto outcome = co_await hocket::as_result(values(1));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), invalid_state_error);
}

HOCKET_TEST(lru_cache, may_be_dropped_while_a_load_is_under_way) {
  source from;
  std::optional<cache> values(std::in_place, from.loader());
  auto waiting = create_task(values->get(1));
  co_await wait_all_tasks_blocked();
  values.reset();
  EXPECT_EQ(co_await waiting, "value 1");
}

HOCKET_TEST(lru_cache, may_ask_itself_for_other_keys) {
  struct fibonacci {
    lru_cache<int, long> values{[this](int n) -> coro<long> {
      if (n < 2) co_return n;
      co_return co_await values(n - 1) + co_await values(n - 2);
    }};
  } numbers;
  EXPECT_EQ(co_await numbers.values(50), 12586269025);
  EXPECT_EQ(numbers.values.cache_info().misses, 51U);
}

/// Its value for 1 needs that for 2 and the other way round.
struct circle {
  int begun = 0;
  lru_cache<int, int> values{[this](int key) -> coro<int> {
    ++begun;
    co_await hocket::sleep(1s);
    co_return co_await values(3 - key);
  }};
};

HOCKET_TEST(lru_cache, refuses_loads_that_wait_for_each_other) {
  circle numbers;
  const auto outcome = co_await hocket::as_result(numbers.values(1));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), invalid_state_error);
  EXPECT_EQ(numbers.begun, 2);
}

HOCKET_TEST(lru_cache, refuses_loads_that_wait_for_each_other_though_others_wait_as_well) {
  circle numbers;
  const auto outcomes =
      co_await hocket::gather(hocket::return_exceptions, numbers.values(1), numbers.values(2), numbers.values(2));
  EXPECT_THROW(std::rethrow_exception(std::get<0>(outcomes).error()), invalid_state_error);
  EXPECT_THROW(std::rethrow_exception(std::get<1>(outcomes).error()), invalid_state_error);
  EXPECT_THROW(std::rethrow_exception(std::get<2>(outcomes).error()), invalid_state_error);
}

HOCKET_TEST(lru_cache, refuses_a_load_that_waits_for_itself_by_way_of_a_task) {
  struct {
    lru_cache<int, int> values{[this](int key) -> coro<int> { co_return co_await create_task(values(key)); }};
  } numbers;
  const auto outcome = co_await hocket::as_result(numbers.values(1));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), invalid_state_error);
}

HOCKET_TEST(lru_cache, is_closed_by_a_load_that_does_not_wait_for_itself) {
  struct {
    bool slow_has_ended = false;
    lru_cache<int, int> values{[this](int key) -> coro<int> {
      co_await hocket::sleep(key * 1s);
      if (key == 1) co_await values.cache_close({.wait = true});
      if (key == 2) slow_has_ended = true;
      if (key == 1) EXPECT_TRUE(slow_has_ended);
      co_return key;
    }};
  } numbers;
  const auto [one, other] = co_await hocket::gather(numbers.values(1), numbers.values(2));
  EXPECT_EQ(one + other, 3);
}

struct fragile_key {
  int number;
  static inline int left = -1;  // questions about keys until one throws; negative: any number

  static void ask() {
    if (left >= 0 && left-- == 0) throw std::runtime_error("broken key");
  }
  bool operator==(const fragile_key& other) const {
    ask();
    return number == other.number;
  }
};
struct fragile_hash {
  std::size_t operator()(const fragile_key& key) const {
    fragile_key::ask();
    return static_cast<std::size_t>(key.number % 2);
  }
};

HOCKET_TEST(lru_cache, stays_whole_wherever_its_keys_throw) {
  for (int questions = 0; questions < 30; ++questions) {
    lru_cache<fragile_key, int, fragile_hash> values([](fragile_key key) -> coro<int> { co_return key.number; },
                                                     {.maxsize = 2, .ttl = 10s});
    fragile_key::left = questions;
    for (int n = 0; n < 6; ++n) static_cast<void>(co_await hocket::as_result(values({n})));
    try {
      values.cache_invalidate({5});
      co_await hocket::sleep(10s);
      static_cast<void>(values.cache_contains({4}));
    } catch (const std::runtime_error&) {
    }
    fragile_key::left = -1;
    for (int n = 0; n < 6; ++n) EXPECT_EQ(co_await values({n}), n);
    EXPECT_EQ(values.cache_info().currsize, 2U);
    EXPECT_TRUE(values.cache_contains({4}));
    EXPECT_TRUE(values.cache_contains({5}));
    fragile_key::left = 0;
    EXPECT_NO_THROW(values.cache_clear());
    EXPECT_EQ(values.cache_info().currsize, 0U);
    fragile_key::left = -1;
    co_await values({1});
    fragile_key::left = 0;  // and its destructor asks nothing
  }
  fragile_key::left = -1;
}

TEST(lru_cache, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    source from;
    cache values(from.loader(), {.maxsize = 1, .ttl = 5s});
    co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
      for (int n = 0; n < 4; ++n) group.create_task(values(n % 2));
      co_await hocket::sleep(500ms);
    });
    co_await values(1);
  });
  EXPECT_GE(report.cancelled, 1U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

}  // namespace
