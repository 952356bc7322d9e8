#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <hocket/core/as_completed.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/exec/thread_pool_executor.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::broken_thread_pool;
using hocket::coro;
using hocket::create_task;
using hocket::executor_full;
using hocket::invalid_state_error;
using hocket::run_in_executor;
using hocket::thread_pool_executor;
using hocket::testing::ends_cancelled;

namespace {

int twice(int n) { return 2 * n; }

/// Keeps one worker busy until it is let go.
struct gate {
  std::latch begun{1};
  std::latch open{1};
  void pass() {
    begun.count_down();
    open.wait();
  }
};

TEST(thread_pool_executor, gives_what_a_function_returns) {
  thread_pool_executor pool;
  EXPECT_EQ(pool.submit(twice, 21).result(), 42);
}

TEST(thread_pool_executor, throws_what_a_function_throws) {
  thread_pool_executor pool;
  auto broken = pool.submit([]() -> int { throw std::runtime_error("broken"); });
  EXPECT_THROW(broken.result(), std::runtime_error);
}

TEST(thread_pool_executor, moves_its_arguments_in_and_the_result_out) {
  thread_pool_executor pool;
  auto moved = pool.submit([](std::unique_ptr<int> mine) { return mine; }, std::make_unique<int>(7));
  EXPECT_EQ(*moved.result(), 7);
}

TEST(thread_pool_executor, has_destroyed_the_function_when_the_result_is_seen) {
  thread_pool_executor pool;
  const auto held = std::make_shared<int>(7);
  pool.submit([held] {}).result();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(thread_pool_executor, begins_calls_in_the_order_in_which_they_come) {
  std::vector<int> order;
  {
    thread_pool_executor pool({.max_workers = 1});
    for (int n = 0; n < 50; ++n) static_cast<void>(pool.submit([&order, n] { order.push_back(n); }));
  }
  std::vector<int> expected(50);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST(thread_pool_executor, runs_as_many_calls_at_once_as_it_has_workers) {
  thread_pool_executor pool({.max_workers = 3});
  std::latch together(3);
  for (int n = 0; n < 3; ++n) static_cast<void>(pool.submit([&together] { together.arrive_and_wait(); }));
  pool.shutdown();
}

TEST(thread_pool_executor, needs_a_worker) {
  EXPECT_THROW(thread_pool_executor({.max_workers = 0}), std::invalid_argument);
}

TEST(thread_pool_executor, runs_ten_thousand_small_calls) {
  std::atomic<int> sum = 0;
  thread_pool_executor pool({.max_workers = 4});
  for (int n = 0; n < 10'000; ++n) static_cast<void>(pool.submit([&sum] { ++sum; }));
  pool.shutdown();
  EXPECT_EQ(sum, 10'000);
}

TEST(thread_pool_executor, takes_calls_from_eight_threads_at_once) {
  std::atomic<int> sum = 0;
  thread_pool_executor pool({.max_workers = 2});
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 8; ++n)
      threads.emplace_back([&] {
        for (int call = 0; call < 100; ++call) sum += pool.submit(twice, 1).result();
      });
  }
  EXPECT_EQ(sum, 1600);
}

TEST(thread_pool_executor, takes_calls_from_its_own_calls) {
  thread_pool_executor pool({.max_workers = 2});
  EXPECT_EQ(pool.submit([&pool] { return pool.submit(twice, 21).result(); }).result(), 42);
}

TEST(thread_pool_executor, refuses_a_call_beyond_its_bound) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1, .max_pending = 2});
  static_cast<void>(pool.submit([&busy] { busy.pass(); }));
  busy.begun.wait();
  static_cast<void>(pool.submit(twice, 1));
  auto last = pool.submit(twice, 2);
  EXPECT_THROW(static_cast<void>(pool.submit(twice, 3)), executor_full);
  EXPECT_EQ(pool.pending(), 2U);
  busy.open.count_down();
  EXPECT_EQ(last.result(), 4);
  EXPECT_EQ(pool.submit(twice, 3).result(), 6);
}

TEST(thread_pool_executor, takes_a_call_for_each_worker_whatever_its_bound) {
  for (int round = 0; round < 20; ++round) {
    std::latch open(1);
    thread_pool_executor pool({.max_workers = 2, .max_pending = 0});
    static_cast<void>(pool.submit([&open] { open.wait(); }));
    EXPECT_NO_THROW(static_cast<void>(pool.submit([&open] { open.wait(); })));
    EXPECT_THROW(static_cast<void>(pool.submit(twice, 3)), executor_full);
    open.count_down();
  }
}

TEST(thread_pool_executor, has_room_for_another_call_when_a_result_is_seen) {
  thread_pool_executor pool({.max_workers = 1, .max_pending = 0});
  for (int n = 0; n < 200; ++n) EXPECT_EQ(pool.submit(twice, n).result(), 2 * n);
}

TEST(thread_pool_executor, lets_a_cancelled_call_leave_its_line_at_once) {
  gate busy;
  const auto held = std::make_shared<int>(7);
  thread_pool_executor pool({.max_workers = 1, .max_pending = 1});
  static_cast<void>(pool.submit([&busy] { busy.pass(); }));
  busy.begun.wait();
  EXPECT_TRUE(pool.submit([held] {}).cancel());
  EXPECT_EQ(pool.pending(), 0U);
  EXPECT_EQ(held.use_count(), 1);
  auto next = pool.submit(twice, 21);
  busy.open.count_down();
  EXPECT_EQ(next.result(), 42);
}

TEST(thread_pool_executor, may_end_while_its_calls_are_cancelled) {
  for (int round = 0; round < 200; ++round) {
    std::vector<hocket::concurrent_future<int>> calls;
    auto pool = std::make_unique<thread_pool_executor>(hocket::thread_pool_options{.max_workers = 1});
    for (int n = 0; n < 5; ++n) calls.push_back(pool->submit(twice, n));
    std::jthread canceller([&calls] {
      for (auto& each : calls) each.cancel();
    });
    pool.reset();
    canceller.join();
    for (auto& each : calls) EXPECT_TRUE(each.done());
  }
}

TEST(thread_pool_executor, never_begins_a_call_that_was_cancelled) {
  gate busy;
  bool ran = false;
  {
    thread_pool_executor pool({.max_workers = 1});
    static_cast<void>(pool.submit([&busy] { busy.pass(); }));
    auto waiting = pool.submit([&ran] { ran = true; });
    EXPECT_TRUE(waiting.cancel());
    EXPECT_TRUE(waiting.was_cancelled());
    busy.open.count_down();
  }
  EXPECT_FALSE(ran);
}

TEST(thread_pool_executor, does_not_cancel_a_call_that_runs) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1});
  auto running = pool.submit([&busy] {
    busy.pass();
    return 7;
  });
  busy.begun.wait();
  EXPECT_FALSE(running.cancel());
  EXPECT_TRUE(running.is_running());
  busy.open.count_down();
  EXPECT_EQ(running.result(), 7);
}

TEST(thread_pool_executor, runs_what_waits_before_it_is_shut_down) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1});
  static_cast<void>(pool.submit([&busy] { busy.pass(); }));
  auto waiting = pool.submit(twice, 21);
  std::jthread opener([&busy] { busy.open.count_down(); });
  pool.shutdown();
  EXPECT_TRUE(waiting.done());
  EXPECT_EQ(waiting.result(), 42);
}

TEST(thread_pool_executor, cancels_what_waits_if_its_shutdown_is_told_to) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1});
  auto running = pool.submit([&busy] { busy.pass(); });
  busy.begun.wait();
  auto waiting = pool.submit(twice, 21);
  pool.shutdown({.wait = false, .cancel_futures = true});
  EXPECT_TRUE(waiting.was_cancelled());
  EXPECT_FALSE(running.done());
  busy.open.count_down();
  running.result();
}

TEST(thread_pool_executor, takes_nothing_after_its_shutdown) {
  thread_pool_executor pool;
  pool.shutdown();
  pool.shutdown();
  EXPECT_THROW(static_cast<void>(pool.submit(twice, 21)), invalid_state_error);
}

TEST(thread_pool_executor, is_shut_down_by_several_threads_at_once) {
  thread_pool_executor pool({.max_workers = 4});
  for (int n = 0; n < 100; ++n) static_cast<void>(pool.submit(twice, n));
  std::vector<std::jthread> threads;
  for (int n = 0; n < 4; ++n) threads.emplace_back([&pool] { pool.shutdown(); });
}

TEST(thread_pool_executor, is_shut_down_while_threads_never_stop_to_submit) {
  thread_pool_executor pool({.max_workers = 2, .max_pending = 100});
  std::atomic<int> refused = 0;
  std::vector<std::jthread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        try {
          static_cast<void>(pool.submit(twice, 21));
        } catch (const executor_full&) {
          std::this_thread::yield();
        } catch (const invalid_state_error&) {
          ++refused;
        }
      }
    });
  pool.shutdown();
  while (refused == 0) std::this_thread::yield();
}

TEST(thread_pool_executor, refuses_a_call_that_would_wait_for_its_own_end) {
  thread_pool_executor pool;
  EXPECT_THROW(pool.submit([&pool] { pool.shutdown(); }).result(), invalid_state_error);
}

TEST(thread_pool_executor, may_be_destroyed_by_another_thread) {
  std::atomic<int> sum = 0;
  auto pool = std::make_unique<thread_pool_executor>(hocket::thread_pool_options{.max_workers = 2});
  for (int n = 0; n < 100; ++n) static_cast<void>(pool->submit([&sum] { ++sum; }));
  std::jthread([pool = std::move(pool)] {}).join();
  EXPECT_EQ(sum, 100);
}

TEST(thread_pool_executor, names_its_threads) {
  thread_pool_executor pool({.max_workers = 1, .thread_name_prefix = "primes"});
  const auto name = [] {
    std::array<char, 16> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    return std::string(text.data());
  };
  EXPECT_EQ(pool.submit(name).result(), "primes_0");
}

TEST(thread_pool_executor, initialises_each_thread_before_its_first_call) {
  static thread_local int prepared = 0;
  thread_pool_executor pool({.max_workers = 2, .initializer = [] { ++prepared; }});
  std::latch together(2);
  const auto look = [&together] {
    together.arrive_and_wait();
    return prepared;
  };
  auto one = pool.submit(look);
  auto other = pool.submit(look);
  EXPECT_EQ(one.result(), 1);
  EXPECT_EQ(other.result(), 1);
}

TEST(thread_pool_executor, is_broken_when_its_initializer_throws) {
  std::latch all_submitted(1);
  thread_pool_executor pool({.max_workers = 1, .initializer = [&all_submitted] {
                               all_submitted.wait();
                               throw std::runtime_error("no licence");
                             }});
  auto first = pool.submit(twice, 1);
  auto second = pool.submit(twice, 2);
  all_submitted.count_down();
  EXPECT_THROW(first.result(), broken_thread_pool);
  EXPECT_THROW(second.result(), broken_thread_pool);
  EXPECT_THROW(static_cast<void>(pool.submit(twice, 3)), broken_thread_pool);
}

HOCKET_TEST(thread_pool_executor, has_its_futures_awaited_in_a_task) {
  thread_pool_executor pool;
  EXPECT_EQ(co_await pool.submit(twice, 21), 42);
}

HOCKET_TEST(thread_pool_executor, has_its_futures_gathered) {
  thread_pool_executor pool;
  const auto [one, other] = co_await hocket::gather(pool.submit(twice, 21), pool.submit(twice, 4));
  EXPECT_EQ(one + other, 50);
}

HOCKET_TEST(thread_pool_executor, has_its_futures_taken_as_they_are_completed) {
  gate busy;
  thread_pool_executor pool({.max_workers = 2});
  std::vector<hocket::task<int>> calls;
  calls.push_back(create_task(pool.submit([&busy] {
    busy.pass();
    return 1;
  })));
  calls.push_back(create_task(pool.submit(twice, 1)));
  auto completed = hocket::as_completed(calls);
  const auto first = co_await completed.next();
  EXPECT_EQ(co_await *first, 2);
  busy.open.count_down();
  const auto second = co_await completed.next();
  EXPECT_EQ(co_await *second, 1);
}

HOCKET_TEST(run_in_executor, gives_what_the_function_returns) {
  thread_pool_executor pool;
  EXPECT_EQ(co_await run_in_executor(pool, twice, 21), 42);
}

HOCKET_TEST(run_in_executor, throws_what_the_function_throws) {
  thread_pool_executor pool;
  const auto outcome = co_await hocket::as_result(run_in_executor(pool, [] { throw std::runtime_error("broken"); }));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(run_in_executor, runs_on_the_loops_own_pool_without_an_executor) {
  EXPECT_EQ(co_await run_in_executor(nullptr, twice, 21), 42);
}

HOCKET_TEST(run_in_executor, shows_its_function_the_context_variables_of_its_caller) {
  static hocket::context_var<int> number;
  thread_pool_executor pool;
  number.set(7);
  EXPECT_EQ(co_await run_in_executor(pool, [] { return std::pair(number.get(), number.set(8)).first; }), 7);
  EXPECT_EQ(number.get(), 7);
}

HOCKET_TEST(run_in_executor, takes_back_a_function_that_has_not_begun_when_cancelled) {
  gate busy;
  bool ran = false;
  thread_pool_executor pool({.max_workers = 1});
  static_cast<void>(pool.submit([&busy] { busy.pass(); }));
  auto waiting = create_task(run_in_executor(pool, [&ran] { ran = true; }));
  co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  busy.open.count_down();
  pool.shutdown();
  EXPECT_FALSE(ran);
}

HOCKET_TEST(run_in_executor, waits_for_its_function_even_when_cancelled) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1});
  std::atomic<bool> ended = false;
  auto waiting = create_task(run_in_executor(pool, [&] {
    busy.pass();
    ended = true;
  }));
  co_await hocket::sleep(0s);
  busy.begun.wait();
  waiting.cancel();
  busy.open.count_down();
  static_cast<void>(co_await ends_cancelled(waiting));
  EXPECT_TRUE(ended);
}

HOCKET_TEST(run_in_executor, is_not_refused_by_the_bound_of_what_is_submitted) {
  thread_pool_executor pool({.max_workers = 1, .max_pending = 1});
  std::vector<hocket::task<int>> calls;
  for (int n = 0; n < 20; ++n) calls.push_back(create_task(run_in_executor(pool, twice, n)));
  for (int n = 0; n < 20; ++n) EXPECT_EQ(co_await calls[static_cast<std::size_t>(n)], 2 * n);
}

HOCKET_TEST(run_in_executor, is_waited_for_before_virtual_time_moves_on) {
  thread_pool_executor pool;
  const auto begin = hocket::loop::running().time();
  auto later = create_task(hocket::sleep(1ms));
  co_await run_in_executor(pool, [] { std::this_thread::sleep_for(50ms); });
  EXPECT_EQ(hocket::loop::running().time(), begin);
  co_await later;
}

HOCKET_TEST(run_in_executor, is_refused_after_the_shutdown) {
  thread_pool_executor pool;
  pool.shutdown();
  const auto outcome = co_await hocket::as_result(run_in_executor(pool, twice, 21));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), invalid_state_error);
}

HOCKET_TEST(run_in_executor, is_cancelled_by_a_shutdown_that_cancels) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1});
  static_cast<void>(pool.submit([&busy] { busy.pass(); }));
  busy.begun.wait();
  auto waiting = create_task(run_in_executor(pool, twice, 21));
  co_await hocket::sleep(0s);
  pool.shutdown({.wait = false, .cancel_futures = true});
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  busy.open.count_down();
}

HOCKET_TEST(run_in_executor, may_resume_and_be_cancelled_after_the_pool_is_gone) {
  auto pool = std::make_unique<thread_pool_executor>();
  auto resumed = create_task(run_in_executor(*pool, twice, 21));
  auto cancelled = create_task(run_in_executor(*pool, twice, 21));
  co_await hocket::sleep(0s);
  pool.reset();  // waits for the calls, which cannot come home meanwhile
  cancelled.cancel();
  EXPECT_EQ(co_await resumed, 42);
  EXPECT_TRUE(co_await ends_cancelled(cancelled));
}

TEST(run_in_executor, ends_a_program_whose_loop_ends_at_once) {
  thread_pool_executor pool({.max_workers = 2});
  for (int round = 0; round < 200; ++round) {
    const auto amain = [&pool]() -> coro<void> { co_await run_in_executor(pool, twice, 21); };
    hocket::run(amain());
  }
}

TEST(run_in_executor, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    thread_pool_executor pool({.max_workers = 1});
    co_await hocket::gather(run_in_executor(pool, twice, 21), run_in_executor(pool, twice, 21));
  });
  EXPECT_GE(report.cancelled, 1U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

HOCKET_TEST(thread_pool_map, gives_results_in_the_order_of_the_elements) {
  thread_pool_executor pool({.max_workers = 4});
  std::vector<int> results;
  auto doubled = pool.map(
      [](int n) {
        if (n % 7 == 0) std::this_thread::sleep_for(1ms);
        return 2 * n;
      },
      std::views::iota(0, 50));
  while (auto each = co_await doubled.next()) results.push_back(*each);
  std::vector<int> expected(50);
  for (int n = 0; n < 50; ++n) expected[static_cast<std::size_t>(n)] = 2 * n;
  EXPECT_EQ(results, expected);
}

HOCKET_TEST(thread_pool_map, is_never_more_than_its_buffer_ahead_on_an_endless_range) {
  thread_pool_executor pool({.max_workers = 2});
  std::atomic<int> called = 0;
  auto endless = pool.map(
      [&called](int n) {
        ++called;
        return n;
      },
      std::views::iota(0), {.buffer = 3});
  for (int n = 0; n < 10; ++n) {
    EXPECT_EQ(co_await endless.next(), n);
    EXPECT_LE(called, n + 3);
  }
  co_await endless.close();
}

HOCKET_TEST(thread_pool_map, is_not_refused_by_the_bound_of_what_is_submitted) {
  gate busy;
  thread_pool_executor pool({.max_workers = 1, .max_pending = 1});
  static_cast<void>(pool.submit([&busy] { busy.pass(); }));
  busy.begun.wait();
  static_cast<void>(pool.submit(twice, 1));
  hocket::loop::running().call_soon([&busy] { busy.open.count_down(); });
  int sum = 0;
  auto doubled = pool.map(twice, std::views::iota(0, 20), {.buffer = 10});
  while (auto each = co_await doubled.next()) sum += *each;
  EXPECT_EQ(sum, 380);
}

HOCKET_TEST(thread_pool_map, moves_the_elements_of_a_container) {
  thread_pool_executor pool;
  std::vector<std::unique_ptr<int>> numbers;
  for (int n = 0; n < 5; ++n) numbers.push_back(std::make_unique<int>(n));
  int sum = 0;
  auto moved = pool.map([](std::unique_ptr<int> mine) { return *mine; }, std::move(numbers));
  while (auto each = co_await moved.next()) sum += *each;
  EXPECT_EQ(sum, 10);
}

HOCKET_TEST(thread_pool_map, leaves_alone_what_a_view_refers_to) {
  thread_pool_executor pool;
  std::vector<std::string> words{"a", "word that is too long to be kept in a string itself"};
  const auto before = words;
  auto sizes = pool.map([](std::string word) { return word.size(); }, std::views::all(words));
  while (co_await sizes.next()) {
  }
  EXPECT_EQ(words, before);
}

HOCKET_TEST(thread_pool_map, throws_the_first_error_where_its_result_would_be) {
  thread_pool_executor pool;
  auto fragile = pool.map(
      [](int n) {
        if (n == 1) throw std::runtime_error("broken");
        return n;
      },
      std::views::iota(0, 5));
  EXPECT_EQ(co_await fragile.next(), 0);
  const auto outcome = co_await hocket::as_result([&fragile] { return fragile.next(); });
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
  EXPECT_TRUE(fragile.ended());
}

HOCKET_TEST(thread_pool_map, cancels_what_has_not_begun_when_it_is_closed) {
  gate busy;
  std::atomic<int> called = 0;
  {
    thread_pool_executor pool({.max_workers = 1});
    auto mapped = pool.map(
        [&](int n) {
          ++called;
          if (n == 1) busy.pass();
          return n;
        },
        std::views::iota(0, 20), {.buffer = 10});
    static_cast<void>(co_await mapped.next());
    busy.begun.wait();
    co_await mapped.close();
    busy.open.count_down();
  }
  EXPECT_EQ(called, 2);
}

HOCKET_REAL_TIME_TEST(thread_pool_map, times_out_as_a_whole) {
  gate busy;
  thread_pool_executor pool;
  auto slow = pool.map(
      [&busy](int n) {
        if (n == 1) busy.pass();
        return n;
      },
      std::views::iota(0, 3), {.timeout = 20ms});
  EXPECT_EQ(co_await slow.next(), 0);
  const auto outcome = co_await hocket::as_result([&slow] { return slow.next(); });
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  busy.open.count_down();
}

}  // namespace
