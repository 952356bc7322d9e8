#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/exec/portal.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::block_on;
using hocket::coro;
using hocket::invalid_state_error;
using hocket::portal;

namespace {

coro<int> twice(int n) {
  co_await hocket::sleep(0s);
  co_return 2 * n;
}

int thrice(int n) { return 3 * n; }

coro<int> fail() {
  co_await hocket::sleep(0s);
  throw std::runtime_error("broken");
}

coro<void> wait_for_ever() { co_await hocket::future<>(); }

TEST(portal, runs_a_coroutine_for_a_thread_without_a_loop) {
  portal background;
  EXPECT_EQ(background.call(twice, 21), 42);
}

TEST(portal, runs_a_plain_function_on_its_thread) {
  portal background;
  EXPECT_EQ(background.call(thrice, 14), 42);
  EXPECT_NE(background.call([] { return std::this_thread::get_id(); }), std::this_thread::get_id());
}

TEST(portal, throws_what_the_coroutine_throws) {
  portal background;
  EXPECT_THROW(background.call(fail), std::runtime_error);
}

TEST(portal, moves_arguments_in_and_results_out) {
  portal background;
  const auto pass = [](std::unique_ptr<int> mine) -> coro<std::unique_ptr<int>> { co_return std::move(mine); };
  EXPECT_EQ(*background.call(pass, std::make_unique<int>(7)), 7);
}

TEST(portal, runs_many_at_once) {
  portal background;
  const hocket::concurrent_future<void> waiting = background.start(wait_for_ever);
  EXPECT_EQ(background.call(twice, 21), 42);
  EXPECT_FALSE(waiting.done());
}

TEST(portal, is_used_by_eight_threads_at_once) {
  portal background;
  std::atomic<int> sum = 0;
  std::vector<std::jthread> threads;
  for (int n = 0; n < 8; ++n)
    threads.emplace_back([&] {
      for (int call = 0; call < 50; ++call) sum += background.call(twice, 1);
    });
  threads.clear();
  EXPECT_EQ(sum, 800);
}

TEST(portal, cancels_the_task_of_a_future_that_is_cancelled) {
  portal background;
  std::latch heard(1);
  std::latch begun(1);
  const auto wait = [&]() -> coro<void> {
    begun.count_down();
    try {
      co_await wait_for_ever();
    } catch (const hocket::cancelled&) {
      heard.count_down();
      throw;
    }
  };
  auto waiting = background.start(wait);
  begun.wait();
  EXPECT_TRUE(waiting.cancel());
  heard.wait();
}

TEST(portal, waits_for_what_it_runs_when_it_is_stopped) {
  portal background;
  std::latch go(1);
  auto running = background.start([&go]() -> coro<int> {
    co_await hocket::to_thread([&go] { go.wait(); });
    co_return co_await hocket::create_task(twice(21));
  });
  std::jthread later([&go] { go.count_down(); });
  background.stop();
  EXPECT_TRUE(running.done());
  EXPECT_EQ(running.result(), 42);
}

TEST(portal, cancels_what_it_runs_when_it_is_destroyed) {
  std::optional<hocket::concurrent_future<void>> waiting;
  {
    portal background;
    waiting = background.start(wait_for_ever);
  }
  EXPECT_TRUE(waiting->was_cancelled());
}

TEST(portal, that_waits_to_stop_may_be_told_to_cancel) {
  portal background;
  auto waiting = background.start(wait_for_ever);
  std::jthread patient([&background] { background.stop(); });
  background.stop(true);
  EXPECT_TRUE(waiting.was_cancelled());
}

TEST(portal, takes_nothing_once_it_is_stopped) {
  portal background;
  background.stop();
  EXPECT_THROW(static_cast<void>(background.start(twice, 21)), invalid_state_error);
  EXPECT_THROW(background.call(twice, 21), invalid_state_error);
}

// A new thread often gets the id of the one that was joined.
TEST(portal, may_be_stopped_again_by_a_thread_that_came_later) {
  portal background;
  background.stop();
  std::jthread([&background] { EXPECT_NO_THROW(background.stop()); }).join();
}

TEST(portal, may_be_destroyed_by_a_thread_that_came_after_its_own) {
  auto background = std::make_unique<portal>();
  background->stop();
  std::jthread([&background] { background.reset(); }).join();
}

TEST(portal, refuses_to_be_waited_for_by_its_own_thread) {
  portal background;
  bool began = false;
  const auto ask = [&]() -> coro<void> {
    EXPECT_THROW(background.call([&began] { began = true; }), invalid_state_error);
    EXPECT_THROW(background.stop(), invalid_state_error);
    auto other = background.start(twice, 21);
    EXPECT_THROW(other.result(), invalid_state_error);
    EXPECT_EQ(co_await other, 42);
  };
  background.call(ask);
  EXPECT_FALSE(began);
}

HOCKET_TEST(portal, refuses_to_block_another_loop) {
  portal background;
  bool began = false;
  EXPECT_THROW(background.call([&began] { began = true; }), invalid_state_error);
  EXPECT_FALSE(began);
  EXPECT_EQ(co_await background.start(twice, 21), 42);
}

TEST(portal, throws_what_making_its_loop_throws) {
  const auto refuse = []() -> std::unique_ptr<hocket::loop> { throw std::runtime_error("no loop today"); };
  EXPECT_THROW(portal({.loop_factory = refuse}), std::runtime_error);
}

TEST(portal, gives_every_call_an_end_though_it_is_stopped_meanwhile) {
  for (int round = 0; round < 20; ++round) {
    auto background = std::make_unique<portal>();
    std::latch begun(2);
    std::jthread other([&, &background = *background] {
      std::vector<hocket::concurrent_future<int>> asked;
      begun.count_down();
      try {
        for (int n = 0; n < 1000; ++n) asked.push_back(background.start(twice, n));
      } catch (const invalid_state_error&) {
      }
      for (auto& each : asked) {
        try {
          each.result(10s);
        } catch (const hocket::cancelled&) {
        } catch (const invalid_state_error&) {
        }
      }
    });
    begun.arrive_and_wait();
    background->stop(round % 2 == 0);
    other.join();
  }
}

TEST(portal, is_stopped_while_threads_never_stop_to_ask) {
  for (const bool cancel_remaining : {false, true}) {
    portal background;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n)
      threads.emplace_back([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          try {
            static_cast<void>(background.start(twice, 21));
          } catch (const hocket::loop_full&) {
            std::this_thread::yield();
          } catch (const invalid_state_error&) {
            ++refused;
          }
        }
      });
    background.stop(cancel_remaining);
    while (refused == 0) std::this_thread::yield();
  }
}

TEST(portal, may_have_its_loop_stopped_by_its_own_code) {
  portal background;
  auto waiting = background.start(wait_for_ever);
  static_cast<void>(background.start([] { hocket::loop::running().stop(); }));
  EXPECT_THROW(waiting.result(), hocket::cancelled);
  background.stop();
}

// What is left behind is leaked, hence a process of its own.
TEST(portal_death_test, leaves_behind_what_swallows_its_cancellation) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    const auto swallow = []() -> coro<void> {
      for (;;) static_cast<void>(co_await hocket::as_result(wait_for_ever()));
    };
    portal background({.shutdown_timeout = 20ms});
    auto stuck = background.start(swallow);
    background.stop(true);
    try {
      stuck.result();
    } catch (const invalid_state_error&) {
      std::_Exit(7);
    }
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "did not end in time");
}

HOCKET_TEST(portal, has_its_futures_awaited_by_tasks_of_other_loops) {
  portal background;
  EXPECT_EQ(co_await background.start(twice, 21), 42);
  EXPECT_EQ(co_await background.start(thrice, 14), 42);
}

TEST(block_on, runs_async_code_in_plain_code) {
  EXPECT_EQ(block_on(twice(21)), 42);
  EXPECT_EQ(block_on(twice, 21), 42);
}

TEST(block_on, throws_what_the_coroutine_throws) { EXPECT_THROW(block_on(fail()), std::runtime_error); }

TEST(block_on, works_on_any_thread) {
  int got = 0;
  std::jthread([&got] { got = block_on(twice, 21); }).join();
  EXPECT_EQ(got, 42);
}

TEST(block_on, cancels_and_awaits_what_the_coroutine_leaves_running) {
  bool heard = false;
  const auto wait = [&heard]() -> coro<void> {
    try {
      co_await wait_for_ever();
    } catch (const hocket::cancelled&) {
      heard = true;
    }
  };
  block_on([&]() -> coro<void> {
    hocket::create_task(wait());
    co_await hocket::sleep(0s);
  });
  EXPECT_TRUE(heard);
}

HOCKET_TEST(block_on, refuses_to_block_a_loop) {
  EXPECT_THROW(block_on(twice, 21), invalid_state_error);
  EXPECT_THROW(block_on(twice(21)), invalid_state_error);
  co_return;
}

}  // namespace
