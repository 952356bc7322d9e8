#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/spawn_on.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

#include "several_loops.hpp"

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::concurrent_future;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::loop_place;
using hocket::run_loops;
using hocket::spawn_on;
using hocket::testing::ends_cancelled;

namespace {

coro<int> twice(int n) {
  co_await hocket::sleep(0s);
  co_return 2 * n;
}

coro<void> wait_for_ever() { co_await hocket::future<>(); }

/// Two loops: `first` runs on one of them and is given the other, which does nothing else until `first` has ended.
class spawn_on_another : public hocket::testing::several_loops {
 protected:
  template <class First>
  void run_beside_another_loop(First first, hocket::run_loops_options options = here()) {
    std::latch over(1);
    run_loops(
        2,
        [&](loop_place place) -> coro<void> {
          if (place.index == 1) {
            co_await hocket::to_thread([&over] { over.wait(); });
            co_return;
          }
          const auto outcome = co_await as_result(first(place.loop(1)));
          over.count_down();
          if (!outcome) std::rethrow_exception(outcome.error());
        },
        std::move(options));
  }
};
HOCKET_ON_EACH_BACKEND(spawn_on_another);

/// Cancelled, it takes a while to clean up.
coro<void> clean_up_slowly(std::atomic<bool>& begun, std::atomic<bool>& cleaned) {
  begun = true;
  const auto outcome = co_await as_result(wait_for_ever());
  co_await hocket::sleep(2ms);
  cleaned = true;
  std::rethrow_exception(outcome.error());
}

coro<void> until(const std::atomic<bool>& happened) {
  while (!happened) co_await hocket::sleep(100us);
}

TEST_P(spawn_on_another, gives_the_value) {
  run_beside_another_loop([](loop& other) -> coro<void> { EXPECT_EQ(co_await spawn_on(other, twice, 21), 42); });
}

TEST_P(spawn_on_another, makes_and_runs_the_coroutine_on_the_other_thread) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    const auto look = []() -> coro<loop*> { co_return &loop::running(); };
    EXPECT_EQ(co_await spawn_on(other, look), &other);
    EXPECT_NE(&loop::running(), &other);
  });
}

TEST_P(spawn_on_another, gives_a_value_that_can_only_be_moved_to_callables_that_are_moved) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    auto add = [one = std::make_unique<int>(1)](std::unique_ptr<int> two) -> coro<std::unique_ptr<int>> {
      co_await hocket::sleep(0s);
      co_return std::make_unique<int>(*one + *two);
    };
    EXPECT_EQ(*co_await spawn_on(other, std::move(add), std::make_unique<int>(2)), 3);
  });
}

TEST_P(spawn_on_another, throws_what_the_coroutine_throws) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    const auto fail = []() -> coro<int> {
      co_await hocket::sleep(0s);
      throw std::runtime_error("broken");
    };
    const auto outcome = co_await as_result(spawn_on(other, fail));
    EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
  });
}

TEST_P(spawn_on_another, gives_the_result_to_a_plain_thread) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    EXPECT_EQ(co_await hocket::to_thread([&other] { return spawn_on(other, twice, 21).result(); }), 42);
  });
}

TEST_P(spawn_on_another, lets_the_coroutine_refer_to_the_frame_that_waits_for_it) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::string text = "here";
    const auto write = [&text]() -> coro<void> {
      co_await hocket::sleep(1ms);
      text += " and there";
    };
    co_await spawn_on(other, write);
    EXPECT_EQ(text, "here and there");
  });
}

TEST_P(spawn_on_another, cancels_the_task_there_and_waits_for_its_end) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::atomic<bool> begun = false;
    std::atomic<bool> cleaning = false;
    std::atomic<bool> may_end = false;
    const auto clean_up_until_it_may_end = [&]() -> coro<void> {
      begun = true;
      const auto outcome = co_await as_result(wait_for_ever());
      cleaning = true;
      co_await until(may_end);
      std::rethrow_exception(outcome.error());
    };
    const auto ask = [&]() -> coro<void> { co_await spawn_on(other, clean_up_until_it_may_end); };
    auto waiting = create_task(ask());
    co_await until(begun);
    waiting.cancel();
    co_await until(cleaning);
    co_await hocket::sleep(0s);
    EXPECT_FALSE(waiting.done());
    may_end = true;
    EXPECT_TRUE(co_await ends_cancelled(waiting));
  });
}

TEST_P(spawn_on_another, is_ended_by_a_limit) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::atomic<bool> begun = false;
    std::atomic<bool> cleaned = false;
    const auto outcome = co_await as_result(
        hocket::with_timeout(20ms, spawn_on(other, [&]() -> coro<void> { co_await clean_up_slowly(begun, cleaned); })));
    EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
    EXPECT_EQ(cleaned.load(), begun.load());  // on a busy machine it may not have begun
  });
}

TEST_P(spawn_on_another, gives_the_result_of_a_task_that_swallows_the_cancellation_which_stays_pending) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::atomic<bool> begun = false;
    int got = 0;
    const auto swallow = [&begun]() -> coro<int> {
      begun = true;
      static_cast<void>(co_await as_result(wait_for_ever()));
      co_return 7;
    };
    const auto ask = [&]() -> coro<void> {
      got = co_await spawn_on(other, swallow);
      co_await hocket::sleep(1h);
    };
    auto waiting = create_task(ask());
    co_await until(begun);
    waiting.cancel();
    EXPECT_TRUE(co_await ends_cancelled(waiting));
    EXPECT_EQ(got, 7);
  });
}

TEST_P(spawn_on_another, is_cancelled_by_the_future_which_ends_with_the_task) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::atomic<bool> begun = false;
    std::atomic<bool> cleaned = false;
    const auto asked = spawn_on(other, [&]() -> coro<void> { co_await clean_up_slowly(begun, cleaned); });
    co_await until(begun);
    EXPECT_TRUE(asked.cancel());
    static_cast<void>(co_await as_result(asked));
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(asked.was_cancelled());
    EXPECT_FALSE(asked.cancel());
  });
}

TEST_P(spawn_on_another, never_runs_what_was_cancelled_on_its_way) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::latch stuck(1);
    std::latch is_stuck(1);
    std::atomic<bool> ran = false;
    other.call_soon_threadsafe([&] {
      is_stuck.count_down();
      stuck.wait();
    });
    is_stuck.wait();  // so that the loop takes in the call and its cancellation in one turn
    const auto asked = spawn_on(other, [&ran]() -> coro<void> {
      ran = true;
      co_return;
    });
    EXPECT_TRUE(asked.cancel());
    stuck.count_down();
    const auto outcome = co_await as_result(asked);
    EXPECT_TRUE(!outcome && hocket::is_cancelled(outcome.error()));
    EXPECT_FALSE(ran);
  });
}

TEST_P(spawn_on_another, refuses_more_than_the_loop_may_have_waiting_and_loses_none_that_it_took) {
  auto options = here();
  options.each.loop_factory = [] {
    return std::make_unique<loop>(hocket::loop_options{.backend = GetParam(), .most_calls_from_threads = 100});
  };
  run_beside_another_loop(
      [](loop& other) -> coro<void> {
        std::latch stuck(1);
        std::latch is_stuck(1);
        other.call_soon_threadsafe([&] {
          is_stuck.count_down();
          stuck.wait();
        });
        is_stuck.wait();
        std::vector<concurrent_future<int>> taken;
        int refused = 0;
        for (int n = 0; n < 10'000; ++n) {
          try {
            taken.push_back(spawn_on(other, twice, n));
          } catch (const hocket::loop_full&) {
            ++refused;
          }
        }
        EXPECT_EQ(taken.size(), 100U);
        EXPECT_EQ(refused, 9'900);
        stuck.count_down();
        int sum = 0;
        for (auto& each : taken) sum += co_await std::move(each);
        EXPECT_EQ(sum, 9'900);
      },
      options);
}

TEST_P(spawn_on_another, bears_ten_thousand_at_once) {
  run_beside_another_loop([](loop& other) -> coro<void> {
    std::vector<concurrent_future<int>> asked;
    for (int n = 0; n < 10'000; ++n) asked.push_back(spawn_on(other, twice, n));
    long sum = 0;
    for (auto& each : asked) sum += co_await std::move(each);
    EXPECT_EQ(sum, 99'990'000);
  });
}

// ---- the end of a loop

TEST_P(spawn_on_another, is_refused_by_a_loop_whose_run_has_ended) {
  run_loops(
      2,
      [](loop_place place) -> coro<void> {
        if (place.index == 1) co_return;
        while (!place.loop(1).is_closed()) co_await hocket::sleep(100us);
        EXPECT_THROW(static_cast<void>(spawn_on(place.loop(1), twice, 21)), hocket::loop_closed);
      },
      here());
}

TEST_P(spawn_on_another, tells_the_waiter_that_the_other_loop_ended_and_cancelled_it) {
  std::atomic<bool> begun = false;
  std::atomic<bool> cleaned = false;
  run_loops(
      2,
      [&](loop_place place) -> coro<void> {
        if (place.index == 1) {
          co_await until(begun);
          co_return;
        }
        const auto outcome = co_await as_result(
            spawn_on(place.loop(1), [&]() -> coro<void> { co_await clean_up_slowly(begun, cleaned); }));
        EXPECT_TRUE(!outcome && hocket::is_cancelled(outcome.error()));
        EXPECT_TRUE(cleaned);
      },
      here());
}

TEST(spawn_on, tells_that_the_loop_ended_before_it_came_to_it) {
  std::optional<concurrent_future<int>> asked;
  {
    loop never_run;
    asked.emplace(spawn_on(never_run, twice, 21));
  }
  EXPECT_THROW(asked->result(), hocket::loop_closed);
  EXPECT_FALSE(asked->cancel());
}

TEST_P(spawn_on_another, lets_two_loops_end_that_wait_for_each_other) {
  for (int round = 0; round < 20; ++round) {
    std::latch all_wait(2);
    std::atomic<int> cancelled = 0;
    const auto wait_there = [&]() -> coro<void> {
      all_wait.count_down();
      const auto outcome = co_await as_result(wait_for_ever());
      ++cancelled;
      std::rethrow_exception(outcome.error());
    };
    run_loops(
        2,
        [&](loop_place place) -> coro<void> {
          const auto ask = [](loop& other, auto what) -> coro<void> { co_await spawn_on(other, what); };
          create_task(ask(place.loop(1 - place.index), wait_there));
          co_await hocket::to_thread([&all_wait] { all_wait.wait(); });
        },
        here());
    EXPECT_EQ(cancelled, 2);
  }
}

/// A task on loop 0 waits for one on loop 1, which waits for one on loop 0, and so on.
coro<void> wait_to_and_fro(loop_place place, std::size_t here, int depth, std::latch& deepest) {
  if (depth == 0) {
    deepest.count_down();
    co_await wait_for_ever();
  }
  const std::size_t there = 1 - here;
  co_await spawn_on(place.loop(there), wait_to_and_fro, place, there, depth - 1, std::ref(deepest));
}

TEST_P(spawn_on_another, is_cancelled_through_many_turns_to_and_fro) {
  std::latch deepest(1);
  std::latch over(1);
  run_loops(
      2,
      [&](loop_place place) -> coro<void> {
        if (place.index == 1) {
          co_await hocket::to_thread([&over] { over.wait(); });
          co_return;
        }
        auto waiting = create_task(wait_to_and_fro(place, 0, 50, deepest));
        co_await hocket::to_thread([&deepest] { deepest.wait(); });
        waiting.cancel();
        EXPECT_TRUE(co_await ends_cancelled(waiting));
        over.count_down();
      },
      here());
}

TEST_P(spawn_on_another, bears_loops_that_ask_each_other_while_they_end) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ended = 0;
    run_loops(
        3,
        [&](loop_place place) -> coro<void> {
          std::vector<concurrent_future<int>> asked;
          for (std::size_t n = 0; n < 30; ++n) {
            try {
              asked.push_back(spawn_on(place.loop((place.index + n) % 3), twice, 1));
            } catch (const hocket::loop_closed&) {
            }
            if (n == 10 * place.index) co_await hocket::sleep(0s);
          }
          for (auto& each : asked) static_cast<void>(co_await as_result(std::move(each)));
          ++ended;
        },
        here());
    EXPECT_EQ(ended, 3);
  }
}

// ---- on its own loop

HOCKET_TEST(spawn_on, runs_on_the_very_loop_that_asks) { EXPECT_EQ(co_await spawn_on(loop::running(), twice, 21), 42); }

HOCKET_TEST(spawn_on, refuses_to_block_the_thread_that_is_to_run_it) {
  auto asked = spawn_on(loop::running(), twice, 21);
  EXPECT_THROW(asked.result(), hocket::invalid_state_error);
  co_await std::move(asked);
}

HOCKET_TEST(spawn_on, reports_the_error_of_a_task_whose_future_was_dropped) {
  std::vector<std::string> told;
  loop::running().set_exception_handler([&](const hocket::exception_context& each) { told.push_back(each.message); });
  static_cast<void>(spawn_on(loop::running(), []() -> coro<void> {
    throw std::runtime_error("broken");
    co_return;
  }));
  co_await hocket::testing::wait_all_tasks_blocked();
  loop::running().set_exception_handler({});
  EXPECT_EQ(told.size(), 1U);
  EXPECT_NE(told.at(0).find("nobody looked at its exception"), std::string::npos);
}

HOCKET_TEST_IN_EACH_ORDER(spawn_on, ends_whatever_comes_first) {
  std::atomic<bool> ran = false;
  const auto asked = spawn_on(loop::running(), [&ran]() -> coro<int> {
    ran = true;
    co_await hocket::sleep(1s);
    co_return 7;
  });
  asked.cancel();
  const auto outcome = co_await as_result(asked);
  EXPECT_TRUE(!outcome && hocket::is_cancelled(outcome.error()));
}

TEST(spawn_on, leaves_nothing_behind_when_its_await_is_cancelled_at_any_suspension) {
  for (const auto how : {hocket::testing::cancel_by::task, hocket::testing::cancel_by::scope}) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          std::string local = "borrowed";
          const auto look = [&local]() -> coro<std::size_t> {
            co_await hocket::sleep(1s);
            co_await hocket::sleep(1s);
            co_return local.size();
          };
          EXPECT_EQ(co_await spawn_on(loop::running(), look), 8U);
        },
        {}, how);
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GE(report.cancelled, 3U);
  }
}

}  // namespace
