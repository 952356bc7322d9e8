#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::concurrent_future;
using hocket::coro;
using hocket::loop;
using hocket::run_coroutine_threadsafe;
using hocket::to_thread;

namespace {

coro<int> twice(int n) {
  co_await hocket::sleep(0s);
  co_return 2 * n;
}

coro<void> wait_for_ever() { co_await hocket::future<>(); }

HOCKET_TEST(run_coroutine_threadsafe, gives_the_value_to_the_thread_that_asked) {
  loop& here = loop::running();
  EXPECT_EQ(co_await to_thread([&here] { return run_coroutine_threadsafe(here, twice, 21).result(); }), 42);
}

HOCKET_TEST(run_coroutine_threadsafe, throws_there_what_the_coroutine_throws) {
  loop& here = loop::running();
  const auto fail = []() -> coro<int> {
    co_await hocket::sleep(0s);
    throw std::runtime_error("broken");
  };
  co_await to_thread([&] { EXPECT_THROW(run_coroutine_threadsafe(here, fail).result(), std::runtime_error); });
}

HOCKET_TEST(run_coroutine_threadsafe, throws_there_what_the_callable_throws) {
  loop& here = loop::running();
  const auto fail = [] HOCKET_CORO_WRAPPER() -> coro<int> { throw std::runtime_error("broken"); };
  co_await to_thread([&] { EXPECT_THROW(run_coroutine_threadsafe(here, fail).result(), std::runtime_error); });
}

HOCKET_TEST(run_coroutine_threadsafe, makes_and_runs_the_coroutine_on_the_loops_thread) {
  loop& here = loop::running();
  const auto ask = []() -> coro<std::thread::id> { co_return std::this_thread::get_id(); };
  EXPECT_EQ(co_await to_thread([&] { return run_coroutine_threadsafe(here, ask).result(); }),
            std::this_thread::get_id());
}

HOCKET_TEST(run_coroutine_threadsafe, keeps_the_callable_and_its_arguments_while_the_coroutine_runs) {
  loop& here = loop::running();
  const auto ask = [&here] {
    auto add = [one = std::make_unique<int>(1)](const std::unique_ptr<int>& other) -> coro<int> {
      co_await hocket::sleep(0s);
      co_return *one + *other;
    };
    return run_coroutine_threadsafe(here, std::move(add), std::make_unique<int>(2)).result();
  };
  EXPECT_EQ(co_await to_thread(ask), 3);
}

HOCKET_TEST(run_coroutine_threadsafe, gives_a_value_that_can_only_be_moved) {
  loop& here = loop::running();
  const auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  EXPECT_EQ(*co_await to_thread([&] { return run_coroutine_threadsafe(here, make).result(); }), 7);
}

HOCKET_TEST(run_coroutine_threadsafe, throws_cancelled_if_the_task_ended_so) {
  loop& here = loop::running();
  const auto cancel_itself = []() -> coro<void> {
    hocket::current_task().cancel();
    co_await hocket::sleep(0s);
  };
  co_await to_thread([&] {
    auto asked = run_coroutine_threadsafe(here, cancel_itself);
    EXPECT_THROW(asked.result(), hocket::cancelled);
    EXPECT_TRUE(asked.was_cancelled());
  });
}

HOCKET_TEST(run_coroutine_threadsafe, cancels_the_task_from_the_other_thread) {
  loop& here = loop::running();
  hocket::future<> heard;
  std::latch begun(1);
  const auto wait = [&]() -> coro<void> {
    begun.count_down();
    try {
      co_await wait_for_ever();
    } catch (const hocket::cancelled&) {
      heard.set_result();
      throw;
    }
  };
  co_await to_thread([&] {
    auto asked = run_coroutine_threadsafe(here, wait);
    begun.wait();
    EXPECT_TRUE(asked.cancel());
    EXPECT_TRUE(asked.done());
    EXPECT_FALSE(asked.cancel());
    EXPECT_THROW(asked.result(), hocket::cancelled);
  });
  co_await heard;
}

HOCKET_TEST(run_coroutine_threadsafe, never_runs_what_was_cancelled_on_its_way) {
  bool ran = false;
  const auto note = [&ran]() -> coro<void> {
    ran = true;
    co_return;
  };
  auto asked = run_coroutine_threadsafe(loop::running(), note);
  EXPECT_TRUE(asked.cancel());
  for (int n = 0; n < 3; ++n) co_await hocket::sleep(0s);
  EXPECT_FALSE(ran);
}

HOCKET_TEST(run_coroutine_threadsafe, is_not_cancelled_once_it_has_ended) {
  auto asked = run_coroutine_threadsafe(loop::running(), twice, 21);
  while (!asked.done()) co_await hocket::sleep(0s);
  EXPECT_FALSE(asked.cancel());
  EXPECT_EQ(asked.result(), 42);
}

HOCKET_TEST(run_coroutine_threadsafe, goes_on_when_nobody_wants_the_result) {
  loop& here = loop::running();
  hocket::future<> ran;
  const auto note = [ran]() -> coro<void> {
    ran.set_result();
    co_return;
  };
  static_cast<void>(run_coroutine_threadsafe(here, note));
  co_await ran;
}

HOCKET_TEST(run_coroutine_threadsafe, refuses_to_block_the_thread_that_is_to_run_it) {
  auto asked = run_coroutine_threadsafe(loop::running(), twice, 21);
  EXPECT_THROW(asked.result(), hocket::invalid_state_error);
  while (!asked.done()) co_await hocket::sleep(0s);
}

HOCKET_TEST(run_coroutine_threadsafe, times_out_and_goes_on) {
  loop& here = loop::running();
  std::latch go(1);
  co_await to_thread([&] {
    auto asked = run_coroutine_threadsafe(here, [&go]() -> coro<int> {
      co_await to_thread([&go] { go.wait(); });
      co_return 7;
    });
    EXPECT_THROW(asked.result(1ms), hocket::timeout_error);
    go.count_down();
    EXPECT_EQ(asked.result(1h), 7);
  });
}

TEST(run_coroutine_threadsafe, gives_an_error_if_the_loop_ends_before_it_came_to_it) {
  std::optional<concurrent_future<int>> asked;
  {
    loop never_run;
    asked.emplace(run_coroutine_threadsafe(never_run, twice, 21));
  }
  EXPECT_THROW(asked->result(), hocket::invalid_state_error);
  EXPECT_FALSE(asked->cancel());
}

TEST(run_coroutine_threadsafe, refuses_a_closed_loop) {
  loop closed;
  closed.close();
  EXPECT_THROW(static_cast<void>(run_coroutine_threadsafe(closed, twice, 21)), hocket::invalid_state_error);
}

TEST(run_coroutine_threadsafe, is_cancelled_by_the_end_of_run) {
  std::optional<concurrent_future<void>> asked;
  const auto ask = [&]() -> coro<void> {
    asked.emplace(run_coroutine_threadsafe(loop::running(), wait_for_ever));
    co_return;
  };
  hocket::run(ask());
  EXPECT_THROW(asked->result(), hocket::cancelled);
}

// What is left behind is leaked, hence a process of its own.
TEST(run_coroutine_threadsafe_death_test, gives_an_error_for_what_the_end_of_run_left_behind) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    std::optional<concurrent_future<void>> asked;
    const auto swallow_every_cancellation = []() -> coro<void> {
      for (;;) static_cast<void>(co_await hocket::as_result(wait_for_ever()));
    };
    const auto ask = [&]() -> coro<void> {
      asked.emplace(run_coroutine_threadsafe(loop::running(), swallow_every_cancellation));
      co_await hocket::sleep(1s);
    };
    hocket::testing::virtual_clock time;
    hocket::run(ask(), {.clock = &time, .shutdown_timeout = 1s});
    std::thread other([&] {
      try {
        asked->result(10s);
      } catch (const hocket::invalid_state_error& error) {
        std::fputs(error.what(), stderr);
        std::_Exit(7);
      }
    });
    other.join();
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "the loop ended before the coroutine had ended");
}

TEST(run_coroutine_threadsafe, gives_every_call_an_end_though_the_loop_ends_meanwhile) {
  for (int round = 0; round < 20; ++round) {
    std::vector<concurrent_future<int>> asked;
    std::latch asked_all(1);
    std::thread other;
    const auto amain = [&]() -> coro<void> {
      other = std::thread([&, &here = loop::running()] {
        for (int n = 0; n < 100; ++n) asked.push_back(run_coroutine_threadsafe(here, twice, n));
        asked_all.count_down();
        for (auto& each : asked) {
          try {
            each.result();
          } catch (const hocket::cancelled&) {
          } catch (const hocket::invalid_state_error&) {
          }
        }
      });
      for (int n = 0; n < round; ++n) co_await hocket::sleep(0s);
      asked_all.wait();  // the loop outlives the calls
    };
    hocket::run(amain());
    other.join();
  }
}

}  // namespace
