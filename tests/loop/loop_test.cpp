#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/base/arena.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace {

using namespace std::chrono_literals;
using hocket::backend_kind;

std::string backend_name(const testing::TestParamInfo<backend_kind>& info) {
  return "on_" + std::string(hocket::testing::name_of(info.param));
}

/// A loop of each backend, its time virtual or real.
class loop_fixture : public testing::TestWithParam<backend_kind> {
 protected:
  void make_loop(hocket::clock* time) {
    if (GetParam() == backend_kind::io_uring && !hocket::io_uring_works() &&
        std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr)
      GTEST_SKIP() << "SKIPPED: io_uring is forbidden here; nothing of this test ran on it";
    made_.emplace(hocket::loop_options{.backend = GetParam(), .clock = time});
  }
  hocket::loop& loop() { return *made_; }

  /// A callback that notes that it ran.
  auto note(char what) {
    return [this, what] { trace_ += what; };
  }
  auto stop() {
    return [this] { loop().stop(); };
  }
  void run_one_turn() {
    loop().stop();
    loop().run_forever();
  }

  std::string trace_;
  std::optional<hocket::loop> made_;
};

class a_loop : public loop_fixture {
 protected:
  void SetUp() override { make_loop(&time_); }
  hocket::testing::virtual_clock time_;
};

class a_loop_in_real_time : public loop_fixture {
 protected:
  void SetUp() override { make_loop(nullptr); }
};

const auto every_kind =
    testing::Values(backend_kind::epoll, backend_kind::io_uring, backend_kind::poll, backend_kind::select);
INSTANTIATE_TEST_SUITE_P(, a_loop, every_kind, backend_name);
INSTANTIATE_TEST_SUITE_P(, a_loop_in_real_time, every_kind, backend_name);

// ---- turns

TEST_P(a_loop, runs_callbacks_in_the_order_in_which_they_were_scheduled) {
  for (char letter = 'a'; letter <= 'z'; ++letter) loop().call_soon(note(letter));
  run_one_turn();
  EXPECT_EQ(trace_, "abcdefghijklmnopqrstuvwxyz");
}

TEST_P(a_loop, runs_one_turn_if_stopped_before_it_begins) {
  loop().call_soon([this] {
    trace_ += 'a';
    loop().call_soon(note('b'));
  });
  run_one_turn();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop, leaves_what_a_batch_schedules_to_the_next_turn) {
  loop().call_soon([this] {
    trace_ += 'a';
    loop().call_soon(note('c'));
  });
  loop().call_soon(note('b'));
  run_one_turn();
  trace_ += '|';
  run_one_turn();
  EXPECT_EQ(trace_, "ab|c");
}

TEST_P(a_loop, ends_the_turn_under_way_before_it_stops) {
  loop().call_soon(stop());
  loop().call_soon(note('a'));
  loop().run_forever();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop, can_be_run_again_after_it_stopped) {
  loop().call_soon(stop());
  loop().run_forever();
  loop().call_soon(note('a'));
  loop().call_soon(stop());
  loop().run_forever();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop, counts_its_turns) {
  const auto before = loop().counters().turns;
  for (int n = 0; n < 5; ++n) run_one_turn();
  EXPECT_EQ(loop().counters().turns - before, 5U);
}

// ---- handles

TEST_P(a_loop, never_runs_a_callback_that_was_cancelled) {
  auto handle = loop().call_soon(note('a'));
  handle.cancel();
  run_one_turn();
  EXPECT_EQ(trace_, "");
  EXPECT_TRUE(handle.cancelled());
}

TEST_P(a_loop, never_runs_a_callback_that_an_earlier_one_of_its_batch_cancelled) {
  hocket::handle victim;
  loop().call_soon([&victim] { victim.cancel(); });
  victim = loop().call_soon(note('a'));
  loop().call_soon(note('b'));
  run_one_turn();
  EXPECT_EQ(trace_, "b");
}

TEST_P(a_loop, never_runs_a_timer_that_an_earlier_one_of_its_batch_cancelled) {
  hocket::handle victim;
  loop().call_later(1s, [&victim] { victim.cancel(); });
  victim = loop().call_later(1s, note('a'));
  loop().call_later(1s, stop());
  loop().run_forever();
  EXPECT_EQ(trace_, "");
}

TEST_P(a_loop, lets_a_callback_cancel_itself) {
  hocket::handle self;
  self = loop().call_soon([&self] { self.cancel(); });
  run_one_turn();
  EXPECT_TRUE(self.cancelled());
}

TEST_P(a_loop, frees_a_cancelled_callback_once) {
  auto token = std::make_shared<int>();
  auto handle = loop().call_soon([token] {});
  handle.cancel();
  handle.cancel();
  handle = {};
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(a_loop, runs_a_callback_whose_handle_was_dropped) {
  static_cast<void>(loop().call_soon(note('a')));
  run_one_turn();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop, destroys_callbacks_that_never_ran) {
  auto token = std::make_shared<int>();
  loop().call_soon([token] {});
  loop().call_later(1h, [token] {});
  loop().call_soon_threadsafe([token] {});
  made_.reset();
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(a_loop, lets_a_callback_that_it_destroys_cancel_another) {
  struct canceller {
    hocket::handle victim;
    explicit canceller(hocket::handle other) noexcept : victim(std::move(other)) {}
    canceller(canceller&& other) noexcept = default;
    ~canceller() { victim.cancel(); }
  };
  const long before = hocket::arena::live_blocks();
  loop().call_later(1h, [cancels = canceller(loop().call_later(2h, [] {}))] {});
  made_.reset();
  EXPECT_EQ(hocket::arena::live_blocks(), before);
}

TEST_P(a_loop, may_be_outlived_by_its_handles) {
  const long before = hocket::arena::live_blocks();
  {
    auto soon = loop().call_soon([] {});
    auto later = loop().call_later(1h, [] {});
    made_.reset();
    soon.cancel();
    EXPECT_TRUE(later.cancelled());
  }
  EXPECT_EQ(hocket::arena::live_blocks(), before);
}

namespace {

/// A callback that holds its own handle, as one does that is to be forgotten when it runs.
struct holds_itself {
  std::shared_ptr<int> token;
  std::shared_ptr<hocket::handle> own = std::make_shared<hocket::handle>();
  void operator()() const {}
};

}  // namespace

TEST_P(a_loop, frees_a_callback_that_holds_its_own_handle_when_it_never_runs) {
  auto token = std::make_shared<int>();
  const holds_itself never{token};
  *never.own = loop().call_later(1h, holds_itself(never));
  made_.reset();
  EXPECT_EQ(token.use_count(), 2);
}

TEST_P(a_loop, frees_a_callback_that_holds_its_own_handle_when_it_has_run) {
  auto token = std::make_shared<int>();
  {
    const holds_itself once{token};
    *once.own = loop().call_soon(holds_itself(once));
    run_one_turn();
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(a_loop, frees_a_callback_that_holds_its_own_handle_when_it_is_cancelled) {
  auto token = std::make_shared<int>();
  {
    const holds_itself never{token};
    *never.own = loop().call_later(1h, holds_itself(never));
    never.own->cancel();
  }
  EXPECT_EQ(token.use_count(), 1);
}

// ---- timers

TEST_P(a_loop, fires_timers_in_the_order_of_their_deadlines) {
  loop().call_later(3s, stop());
  loop().call_later(2s, note('b'));
  loop().call_later(1s, note('a'));
  loop().run_forever();
  EXPECT_EQ(trace_, "ab");
}

TEST_P(a_loop, fires_equal_deadlines_in_the_order_of_registration) {
  const auto when = loop().time() + 1s;
  for (char letter = 'a'; letter <= 'z'; ++letter) loop().call_at(when, note(letter));
  loop().call_at(when, stop());
  loop().run_forever();
  EXPECT_EQ(trace_, "abcdefghijklmnopqrstuvwxyz");
}

TEST_P(a_loop, runs_a_callback_with_a_past_deadline_in_the_next_turn) {
  loop().call_at(loop().time() - 1h, note('a'));
  run_one_turn();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop, puts_due_timers_behind_what_is_ready) {
  loop().call_at(loop().time(), note('t'));
  loop().call_soon(note('r'));
  run_one_turn();
  EXPECT_EQ(trace_, "rt");
}

TEST_P(a_loop, moves_virtual_time_to_the_next_deadline_only) {
  const auto begin = loop().time();
  hocket::time_point seen{};
  loop().call_later(90min, [&] {
    seen = loop().time();
    loop().stop();
  });
  loop().run_forever();
  EXPECT_EQ(seen - begin, 90min);
}

TEST_P(a_loop, has_one_turn_time_a_turn) {
  const auto begin = loop().turn_time();
  hocket::time_point first{};
  loop().call_later(1s, [&] {
    first = loop().turn_time();
    time_.advance_to(loop().time() + 1s);
    EXPECT_EQ(loop().turn_time(), first);
    loop().call_soon([&] {
      EXPECT_EQ(loop().turn_time(), loop().time());
      loop().stop();
    });
  });
  loop().run_forever();
  EXPECT_EQ(first - begin, 1s);
  EXPECT_EQ(loop().turn_time() - begin, 2s);
}

TEST_P(a_loop, does_not_wait_for_a_cancelled_timer) {
  const auto begin = loop().time();
  auto cancelled = loop().call_later(1s, note('a'));
  loop().call_later(2s, stop());
  loop().call_soon([&] { cancelled.cancel(); });
  loop().run_forever();
  EXPECT_EQ(loop().time() - begin, 2s);
  EXPECT_EQ(trace_, "");
}

TEST_P(a_loop, keeps_virtual_time_still_while_callbacks_are_ready) {
  const auto begin = loop().time();
  int left = 1000;
  std::function<void()> again = [&] {
    if (--left > 0)
      loop().call_soon([&] { again(); });
    else
      loop().stop();
  };
  loop().call_later(1ns, note('t'));
  loop().call_soon([&] { again(); });
  loop().run_forever();
  EXPECT_EQ(loop().time(), begin);
  EXPECT_EQ(trace_, "");
}

// ---- errors

TEST_P(a_loop, goes_on_after_a_callback_that_throws) {
  loop().set_exception_handler([](const hocket::exception_context&) {});
  loop().call_soon([] { throw std::runtime_error("broken"); });
  loop().call_soon(note('a'));
  run_one_turn();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop, tells_the_exception_handler_what_a_callback_threw) {
  std::string told;
  loop().set_exception_handler([&told](const hocket::exception_context& context) {
    try {
      std::rethrow_exception(context.exception);
    } catch (const std::runtime_error& error) {
      told += error.what();
    }
  });
  loop().call_soon([] { throw std::runtime_error("broken"); });
  run_one_turn();
  EXPECT_EQ(told, "broken");
}

TEST_P(a_loop, prints_one_line_for_an_error_if_nobody_handles_it) {
  testing::internal::CaptureStderr();
  loop().call_soon([] { throw std::runtime_error("broken"); });
  run_one_turn();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "hocket: a callback threw: broken\n");
}

TEST_P(a_loop, survives_an_exception_handler_that_throws) {
  testing::internal::CaptureStderr();
  loop().set_exception_handler([](const hocket::exception_context&) { throw 1; });
  loop().call_soon([] { throw std::runtime_error("broken"); });
  loop().call_soon(note('a'));
  run_one_turn();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("handler threw"), std::string::npos);
  EXPECT_EQ(trace_, "a");
}

// In a process of its own, for the task is never freed.
TEST_P(a_loop, tells_the_exception_handler_of_tasks_that_are_pending_when_it_is_destroyed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [this] {
    loop().set_exception_handler(
        [](const hocket::exception_context& context) { std::fputs(context.message.c_str(), stderr); });
    loop().call_soon([] { hocket::create_task(hocket::sleep(1h)); });
    run_one_turn();
    made_.reset();
    std::_Exit(0);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "^a task was pending when its loop was closed: 'Task-1'$");
}

// ---- its end

TEST_P(a_loop, is_closed_from_close_on) {
  EXPECT_FALSE(loop().is_closed());
  loop().close();
  EXPECT_TRUE(loop().is_closed());
}

TEST_P(a_loop, may_be_closed_again) {
  loop().close();
  loop().close();
  EXPECT_TRUE(loop().is_closed());
}

TEST_P(a_loop, takes_nothing_more_once_it_is_closed) {
  loop().close();
  EXPECT_THROW(loop().call_soon([] {}), hocket::invalid_state_error);
  EXPECT_THROW(loop().call_later(1s, [] {}), hocket::invalid_state_error);
  EXPECT_THROW(loop().call_at(loop().time(), [] {}), hocket::invalid_state_error);
  EXPECT_THROW(loop().call_soon_threadsafe([] {}), hocket::invalid_state_error);
  EXPECT_THROW(loop().run_forever(), hocket::invalid_state_error);
}

TEST_P(a_loop, drops_its_callbacks_when_it_is_closed) {
  auto token = std::make_shared<int>();
  loop().call_soon([token] {});
  loop().call_later(1h, [token] {});
  loop().call_soon_threadsafe([token] {});
  auto kept = loop().call_soon([token] {});
  loop().close();
  EXPECT_TRUE(kept.cancelled());
  kept = {};
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(a_loop, still_tells_the_time_when_it_is_closed) {
  loop().close();
  EXPECT_EQ(loop().time(), time_.now());
}

TEST_P(a_loop, may_be_notified_and_stopped_when_it_is_closed) {
  loop().close();
  loop().stop();
  loop().notify();
}

TEST_P(a_loop, cannot_be_closed_while_it_runs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  loop().call_soon([this] { loop().close(); });
  EXPECT_DEATH(run_one_turn(), "closed or destroyed while running");
}

TEST_P(a_loop, waits_for_its_pool_when_it_is_closed) {
  struct job final : hocket::blocking_job {
    bool ended = false;
    void work() noexcept override {
      std::this_thread::sleep_for(5ms);
      ended = true;
    }
  } slow;
  loop().blocking().submit(slow);
  loop().close();
  EXPECT_TRUE(slow.ended);
}

TEST_P(a_loop, is_in_debug_mode_if_asked_to) {
  loop().set_debug(true);
  EXPECT_TRUE(loop().debug());
  loop().set_debug(false);
  EXPECT_FALSE(loop().debug());
}

// ---- which loop runs

TEST_P(a_loop, is_the_running_one_inside_its_callbacks) {
  hocket::loop* running = nullptr;
  loop().call_soon([&running] { running = &hocket::loop::running(); });
  run_one_turn();
  EXPECT_EQ(running, &loop());
}

TEST_P(a_loop, is_not_the_running_one_outside) {
  run_one_turn();
  EXPECT_EQ(hocket::loop::running_or_null(), nullptr);
  EXPECT_THROW(static_cast<void>(hocket::loop::running()), hocket::invalid_state_error);
}

TEST_P(a_loop, refuses_to_run_inside_a_running_one) {
  bool refused = false;
  loop().call_soon([&] {
    try {
      loop().run_forever();
    } catch (const hocket::invalid_state_error&) {
      refused = true;
    }
  });
  run_one_turn();
  EXPECT_TRUE(refused);
}

// ---- other threads

TEST_P(a_loop, runs_what_another_thread_schedules_in_order) {
  std::thread([this] {
    for (char letter = 'a'; letter <= 'z'; ++letter) loop().call_soon_threadsafe(note(letter));
  }).join();
  run_one_turn();
  EXPECT_EQ(trace_, "abcdefghijklmnopqrstuvwxyz");
}

TEST_P(a_loop, runs_the_notification_once_for_each_notify) {
  int notified = 0;
  loop().set_notification([&notified] { ++notified; });
  for (int n = 0; n < 3; ++n) loop().notify();
  run_one_turn();
  EXPECT_EQ(notified, 3);
}

TEST_P(a_loop_in_real_time, is_woken_by_another_thread) {
  std::thread other([this] {
    std::this_thread::sleep_for(5ms);  // by then it sleeps in the kernel
    loop().call_soon_threadsafe(stop());
  });
  loop().run_forever();
  other.join();
}

TEST_P(a_loop_in_real_time, is_woken_by_notify) {
  loop().set_notification(stop());
  std::thread other([this] {
    std::this_thread::sleep_for(5ms);
    loop().notify();
  });
  loop().run_forever();
  other.join();
}

TEST_P(a_loop_in_real_time, destroys_what_another_thread_scheduled_on_its_own_thread) {
  struct witness {
    std::thread::id* where;
    explicit witness(std::thread::id& place) : where(&place) {}
    witness(witness&& other) noexcept : where(std::exchange(other.where, nullptr)) {}
    ~witness() {
      if (where != nullptr) *where = std::this_thread::get_id();
    }
  };
  std::thread::id destroyed_on;
  std::thread other([&] { loop().call_soon_threadsafe([this, seen = witness(destroyed_on)] { loop().stop(); }); });
  loop().run_forever();
  other.join();
  EXPECT_EQ(destroyed_on, std::this_thread::get_id());
}

TEST_P(a_loop_in_real_time, loses_nothing_of_what_many_threads_schedule) {
  constexpr int threads = 4;
  constexpr int each = 2000;
  std::vector<std::vector<int>> came(threads);
  int left = threads * each;
  std::vector<std::thread> senders;
  for (std::size_t sender = 0; sender < threads; ++sender) {
    senders.emplace_back([&, sender] {
      for (int n = 0; n < each; ++n) {
        loop().call_soon_threadsafe([&, sender, n] {
          came[sender].push_back(n);
          if (--left == 0) loop().stop();
        });
        if (n % 100 == 0) std::this_thread::yield();
      }
    });
  }
  loop().run_forever();
  for (auto& sender : senders) sender.join();
  for (const auto& numbers : came) {
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(each));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

// ---- looks at the backend

TEST_P(a_loop_in_real_time, skips_some_looks_while_turns_are_short_but_at_most_64_in_a_row) {
  constexpr unsigned turns = 10'000;
  const auto before = loop().counters();
  unsigned left = turns;
  std::function<void()> again = [&] {
    if (--left > 0)
      loop().call_soon([&] { again(); });
    else
      loop().stop();
  };
  loop().call_soon([&] { again(); });
  loop().run_forever();
  const auto looks = loop().counters().looks - before.looks;
  EXPECT_LT(looks, turns);
  EXPECT_GE(looks, turns / 65);
}

TEST_P(a_loop_in_real_time, fires_timers_while_it_is_busy) {
  bool fired = false;
  loop().call_later(2ms, [&fired] { fired = true; });
  std::function<void()> again = [&] {
    if (fired)
      loop().stop();
    else
      loop().call_soon([&] { again(); });
  };
  loop().call_soon([&] { again(); });
  loop().run_forever();
  EXPECT_TRUE(fired);
}

TEST_P(a_loop_in_real_time, looks_again_within_16_turns_when_short_turns_become_long) {
  constexpr int short_turns = 1000;
  constexpr int long_turns = 36;
  int turn = 0;
  std::uint64_t before = 0;
  std::function<void()> again = [&] {
    if (turn == short_turns) before = loop().counters().looks;
    if (turn >= short_turns) std::this_thread::sleep_for(1ms);
    if (++turn < short_turns + long_turns)
      loop().call_soon([&] { again(); });
    else
      loop().stop();
  };
  loop().call_soon([&] { again(); });
  loop().run_forever();
  EXPECT_GE(loop().counters().looks - before, long_turns - 17);  // from then on every turn
}

TEST_P(a_loop_in_real_time, may_be_made_on_one_thread_and_run_on_another) {
  std::thread::id ran_on;
  loop().call_later(1ms, [&] {
    ran_on = std::this_thread::get_id();
    loop().stop();
  });
  std::thread runner([&] { loop().run_forever(); });
  const auto id = runner.get_id();
  runner.join();
  EXPECT_EQ(ran_on, id);
}

TEST_P(a_loop_in_real_time, runs_for_whoever_asks_and_on_one_thread_only) {
  bool runs = false;
  bool refused = false;
  loop().call_soon([&] {
    std::thread other([&] {
      runs = loop().is_running();
      try {
        loop().run_forever();
      } catch (const hocket::invalid_state_error&) {
        refused = true;
      }
    });
    other.join();
    loop().stop();
  });
  loop().run_forever();
  EXPECT_TRUE(runs);
  EXPECT_TRUE(refused);
  EXPECT_FALSE(loop().is_running());
}

TEST_P(a_loop_in_real_time, wakes_once_for_many_timers_that_are_close_together) {
  constexpr int timers = 1000;
  int fired = 0;
  for (int n = 1; n <= timers; ++n) {
    loop().call_later(n * 100us, [&] {
      if (++fired == timers) loop().stop();
    });
  }
  loop().run_forever();
  EXPECT_EQ(fired, timers);
  EXPECT_LT(loop().counters().looks, timers / 2);
}

TEST_P(a_loop_in_real_time, runs_a_callback_whose_deadline_is_the_beginning_of_time) {
  std::binary_semaphore ran(0);
  std::thread rescue([&] {
    if (!ran.try_acquire_for(10s)) loop().call_soon_threadsafe(note('r'));
  });
  loop().call_at(hocket::time_point::min(), [&] {
    trace_ += 'a';
    ran.release();
    loop().stop();
  });
  loop().run_forever();
  rescue.join();
  EXPECT_EQ(trace_, "a");
}

TEST_P(a_loop_in_real_time, waits_for_a_deadline_and_not_less) {
  const auto begin = loop().time();
  loop().call_later(3ms, stop());
  loop().run_forever();
  EXPECT_GE(loop().time() - begin, 3ms);
}

// ---- lengths of time

TEST(delay, is_the_length_that_was_given) {
  EXPECT_EQ(hocket::duration(hocket::delay(90min)), 90min);
  EXPECT_EQ(hocket::duration(hocket::delay(-5ns)), -5ns);
  EXPECT_EQ(hocket::duration(hocket::delay(std::chrono::duration<double>(0.25))), 250ms);
}

TEST(delay, is_the_longest_that_a_loop_can_count_if_more_was_given) {
  EXPECT_EQ(hocket::duration(hocket::delay(std::chrono::hours::max())), hocket::duration::max());
  EXPECT_EQ(hocket::duration(hocket::delay(std::chrono::hours::min())), hocket::duration::min());
  EXPECT_EQ(hocket::duration(hocket::delay(std::chrono::duration<double>(1e300))), hocket::duration::max());
}

}  // namespace
