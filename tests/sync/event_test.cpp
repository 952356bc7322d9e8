#include <memory>
#include <string>

#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> wait_and_note(hocket::event& happened, std::string& trace, char name) {
  co_await happened.wait();
  trace += name;
}

HOCKET_TEST(event, lets_nobody_wait_while_it_is_set) {
  hocket::event happened;
  happened.set();
  const auto turn = hocket::loop::running().counters().turns;
  co_await happened.wait();
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(event, is_set_until_it_is_cleared) {
  hocket::event happened;
  EXPECT_FALSE(happened.is_set());
  happened.set();
  EXPECT_TRUE(happened.is_set());
  happened.clear();
  EXPECT_FALSE(happened.is_set());
  co_return;
}

HOCKET_TEST(event, wakes_all_who_wait_in_the_order_in_which_they_began) {
  hocket::event happened;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(happened, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(happened, trace, 'b'));
  auto third = hocket::create_task(wait_and_note(happened, trace, 'c'));
  co_await wait_all_tasks_blocked();
  happened.set();
  co_await third;
  EXPECT_EQ(trace, "abc");
}

HOCKET_TEST(event, runs_no_waiter_inside_set) {
  hocket::event happened;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(happened, trace, 'a'));
  co_await wait_all_tasks_blocked();
  happened.set();
  EXPECT_EQ(trace, "");
  co_await waiter;
}

HOCKET_TEST(event, wakes_who_waited_even_if_it_is_cleared_at_once) {
  hocket::event happened;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(happened, trace, 'a'));
  co_await wait_all_tasks_blocked();
  happened.set();
  happened.clear();
  co_await waiter;
  EXPECT_EQ(trace, "a");
}

HOCKET_TEST(event, makes_who_comes_after_clear_wait_again) {
  hocket::event happened;
  happened.set();
  happened.clear();
  bool waited = false;
  try {
    co_await hocket::wait_for(happened.wait(), 1s);
  } catch (const hocket::timeout_error&) {
    waited = true;
  }
  EXPECT_TRUE(waited);
}

HOCKET_TEST(event, is_as_if_a_cancelled_waiter_had_never_waited) {
  hocket::event happened;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(happened, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(happened, trace, 'b'));
  co_await wait_all_tasks_blocked();
  first.cancel();
  EXPECT_TRUE(co_await ends_cancelled(first));
  happened.set();
  co_await second;
  EXPECT_EQ(trace, "b");
}

HOCKET_TEST(event, throws_cancelled_at_a_waiter_that_is_cancelled_after_it_was_woken) {
  hocket::event happened;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(happened, trace, 'a'));
  co_await wait_all_tasks_blocked();
  happened.set();
  waiter.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_EQ(trace, "");
}

HOCKET_TEST(event, throws_cancelled_at_nobody_who_need_not_wait) {
  hocket::event happened;
  happened.set();
  bool passed = false;
  auto body = [&]() -> hocket::coro<void> {
    hocket::current_task().cancel();
    co_await happened.wait();
    passed = true;
  };
  static_cast<void>(co_await ends_cancelled(hocket::create_task(body())));
  EXPECT_TRUE(passed);
}

TEST(event, survives_a_cancellation_at_every_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    hocket::event ready;
    hocket::event go;
    auto answer = [&]() -> hocket::coro<void> {
      co_await ready.wait();
      go.set();
    };
    auto helper = hocket::create_task(answer());
    // The helper refers to this frame: it is waited for, whatever happens.
    try {
      co_await hocket::sleep(1s);
      ready.set();
      co_await go.wait();
    } catch (const hocket::cancelled&) {
      ready.set();
    }
    while (!helper.done()) {
      try {
        co_await helper;
      } catch (const hocket::cancelled&) {
      }
    }
  });
  EXPECT_GE(report.runs, 4U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

TEST(event_death_test, ends_the_program_that_destroys_one_with_waiters) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = []() -> hocket::coro<void> {
    auto happened = std::make_unique<hocket::event>();
    auto wait = [](hocket::event& it) -> hocket::coro<void> { co_await it.wait(); };
    auto waiter = hocket::create_task(wait(*happened));
    co_await wait_all_tasks_blocked();
    happened.reset();
  };
  EXPECT_DEATH(hocket::run(misuse()), "an event was destroyed while tasks waited for it");
}

}  // namespace
