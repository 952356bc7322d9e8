// What gevent's users expect of its ThreadPool.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

HOCKET_TEST(green_thread_pool, apply_runs_the_function_on_another_thread_and_gives_its_value) {
  co_await green::spawn([] {
    green::thread_pool threads(2);
    EXPECT_NE(threads.apply([] { return std::this_thread::get_id(); }), std::this_thread::get_id());
    threads.apply([] {});
    EXPECT_THROW(threads.apply([] { throw std::runtime_error("theirs"); }), std::runtime_error);
  });
}

HOCKET_TEST(green_thread_pool, spawn_gives_a_task_and_others_run_meanwhile) {
  std::binary_semaphore may_go(0);
  auto other = green::spawn([&may_go] { may_go.release(); });
  co_await green::spawn([&may_go] {
    green::thread_pool threads(1);
    auto call = threads.spawn([&may_go] {
      may_go.acquire();  // another green thread lets it go on
      return std::string("went");
    });
    EXPECT_EQ(threads.size(), 1U);
    EXPECT_EQ(green::wait(call), "went");
    EXPECT_EQ(threads.size(), 0U);
  });
  co_await other;
}

HOCKET_TEST(green_thread_pool, runs_no_more_than_its_size_at_once) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  const auto call = [&](int item) {
    const int running = ++now;
    for (int seen = most; seen < running && !most.compare_exchange_weak(seen, running);) continue;
    --now;
    return item * item;
  };
  co_await green::spawn([&] {
    green::thread_pool threads(2);
    EXPECT_EQ(threads.max_size(), 2U);
    const std::vector<int> squares = threads.map(call, std::vector{1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_EQ(squares, (std::vector{1, 4, 9, 16, 25, 36, 49, 64}));
  });
  EXPECT_LE(most, 2);
}

HOCKET_TEST(green_thread_pool, that_is_full_lets_spawn_wait_for_a_place) {
  std::binary_semaphore may_go(0);
  bool has_spawned = false;
  auto spawns = green::spawn([&] {
    green::thread_pool threads(1);
    threads.spawn([&may_go] { may_go.acquire(); });
    EXPECT_TRUE(threads.full());
    threads.spawn([] {});
    has_spawned = true;
    threads.join();
    EXPECT_EQ(threads.size(), 0U);
  });
  co_await hocket::sleep(0s);
  co_await hocket::sleep(0s);
  EXPECT_FALSE(has_spawned);
  may_go.release();
  co_await spawns;
}

HOCKET_TEST(green_thread_pool, imap_gives_values_in_order_and_imap_unordered_as_they_come) {
  co_await green::spawn([] {
    green::thread_pool threads(2);
    std::vector<int> in_order;
    for (const int each : threads.imap([](int n) { return n + 1; }, std::vector{1, 2, 3})) in_order.push_back(each);
    EXPECT_EQ(in_order, (std::vector{2, 3, 4}));
    std::binary_semaphore may_go(0);
    std::vector<int> as_they_come;
    for (const int each : threads.imap_unordered(
             [&may_go](int n) {
               if (n == 1) may_go.acquire();
               return n;
             },
             std::vector{1, 2})) {
      as_they_come.push_back(each);
      may_go.release();
    }
    EXPECT_EQ(as_they_come, (std::vector{2, 1}));
  });
}

HOCKET_TEST(green_thread_pool, that_goes_first_waits_for_a_call_that_was_just_spawned) {
  std::atomic<bool> has_run = false;
  co_await green::spawn([&has_run] {
    {
      green::thread_pool threads(1);
      threads.spawn([&has_run] { has_run = true; });
    }
    EXPECT_TRUE(has_run);
    green::sleep(0s);
  });
}

HOCKET_TEST(green_thread_pool, that_goes_waits_for_the_calls_of_an_imap_dropped_early) {
  std::atomic<int> calls = 0;
  co_await green::spawn([&calls] {
    {
      green::thread_pool threads(2);
      const auto count = [&calls](int item) {
        ++calls;
        return item;
      };
      for (const int each : threads.imap(count, std::vector{1, 2, 3, 4})) {
        if (each == 2) break;
        threads.join();
      }
    }
    EXPECT_EQ(calls, 4);
    green::sleep(0s);
  });
}

HOCKET_TEST(green_thread_pool, whose_call_is_cancelled_while_it_waits_for_a_place_never_runs_it) {
  std::binary_semaphore may_go(0);
  bool has_run = false;
  co_await green::spawn([&] {
    green::thread_pool threads(1);
    threads.spawn([&may_go] { may_go.acquire(); });
    auto waits = green::spawn([&] { threads.apply([&has_run] { has_run = true; }); });
    green::sleep(0s);
    waits.cancel();
    EXPECT_TRUE(green::wait(ends_cancelled(waits)));
    may_go.release();
    threads.join();
  });
  EXPECT_FALSE(has_run);
}

}  // namespace
