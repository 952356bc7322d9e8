#include <cstdlib>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;

namespace {

hocket::coro<std::string> seven() { co_return "seven"; }

hocket::coro<void> fail(const char* why) {
  throw std::runtime_error(why);
  co_return;
}

/// Collects what the running loop's exception handler is told.
class told_errors {
 public:
  told_errors() {
    hocket::loop::running().set_exception_handler(
        [this](const hocket::exception_context& context) { contexts_.push_back(context); });
  }
  ~told_errors() { hocket::loop::running().set_exception_handler({}); }
  told_errors(const told_errors&) = delete;

  [[nodiscard]] std::size_t count() const { return contexts_.size(); }
  [[nodiscard]] const hocket::exception_context& front() const { return contexts_.front(); }

 private:
  std::vector<hocket::exception_context> contexts_;
};

// ---- beginning

HOCKET_TEST(task, begins_in_the_next_turn) {
  bool began = false;
  auto body = [&began]() -> hocket::coro<void> {
    began = true;
    co_return;
  };
  auto work = hocket::create_task(body());
  EXPECT_FALSE(began);
  co_await hocket::sleep({});
  EXPECT_TRUE(began);
}

HOCKET_TEST(task, begins_in_the_order_of_creation) {
  std::string trace;
  auto body = [&trace](char name) -> hocket::coro<void> {
    trace += name;
    co_return;
  };
  for (char name = 'a'; name <= 'e'; ++name) hocket::create_task(body(name));
  co_await hocket::sleep({});
  EXPECT_EQ(trace, "abcde");
}

HOCKET_TEST(task, takes_turns_with_others) {
  std::string trace;
  auto count = [&trace]() -> hocket::coro<void> {
    trace += '1';
    co_await hocket::sleep(1s);
    trace += '2';
  };
  const auto begin = hocket::loop::running().time();
  co_await hocket::gather(count(), count(), count());
  EXPECT_EQ(trace, "111222");
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
}

HOCKET_TEST(task, may_be_made_of_any_awaitable) {
  const auto begin = hocket::loop::running().time();
  co_await hocket::create_task(hocket::sleep(1s));
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
}

TEST(task, needs_a_running_loop) { EXPECT_THROW(hocket::create_task(seven()), hocket::invalid_state_error); }

HOCKET_TEST(task, has_the_name_that_it_was_given) {
  auto work = hocket::create_task(seven(), {.name = "counter"});
  EXPECT_EQ(work.name(), "counter");
  co_await work;
}

HOCKET_TEST(task, is_given_a_name_of_its_own_when_it_is_first_asked) {
  const auto first = hocket::create_task(seven());
  const auto second = hocket::create_task(seven());
  const std::string name(first.name());
  EXPECT_TRUE(name.starts_with("Task-"));
  EXPECT_EQ(first.name(), name);
  EXPECT_NE(second.name(), name);
  co_await hocket::gather(first, second);
}

HOCKET_TEST(task, can_be_named_later) {
  const auto work = hocket::create_task(seven());
  work.set_name("counter");
  EXPECT_EQ(work.name(), "counter");
  co_await work;
}

HOCKET_TEST(task, stands_in_the_list_of_all_in_the_order_of_making) {
  const auto first = hocket::create_task(seven());
  const auto second = hocket::create_task(hocket::sleep(1s));
  const auto all = hocket::all_tasks();
  EXPECT_EQ(all, (std::vector<hocket::any_task>{hocket::current_task(), first, second}));
  co_await hocket::gather(first, second);
}

HOCKET_TEST(task, stands_in_the_list_of_all_until_it_has_ended) {
  const auto work = hocket::create_task(seven());
  co_await work;
  EXPECT_EQ(hocket::all_tasks(), std::vector{hocket::current_task()});
}

TEST(task, is_listed_only_by_a_running_loop) {
  EXPECT_THROW(static_cast<void>(hocket::all_tasks()), hocket::invalid_state_error);
}

HOCKET_TEST(task, of_any_type_tells_how_it_ended) {
  auto broken = []() -> hocket::coro<int> {
    throw std::runtime_error("broken");
    co_return 1;
  };
  const hocket::any_task good = hocket::create_task(seven());
  const hocket::any_task bad = hocket::create_task(broken());
  const hocket::any_task victim = hocket::create_task(hocket::sleep(1h));
  EXPECT_THROW(static_cast<void>(good.exception()), hocket::invalid_state_error);
  victim.cancel();
  co_await hocket::sleep(1s);
  EXPECT_FALSE(good.exception());
  EXPECT_THROW(std::rethrow_exception(bad.exception()), std::runtime_error);
  EXPECT_TRUE(victim.was_cancelled());
  EXPECT_THROW(static_cast<void>(victim.exception()), hocket::cancelled);
}

HOCKET_TEST(task, of_any_type_is_awaited_for_its_end) {
  auto broken = []() -> hocket::coro<int> {
    co_await hocket::sleep(1s);
    throw std::runtime_error("broken");
  };
  const hocket::any_task good = hocket::create_task(hocket::sleep(2s));
  const hocket::any_task bad = hocket::create_task(broken());
  co_await good;
  EXPECT_TRUE(good.done());
  bool threw = false;
  try {
    co_await bad;
  } catch (const std::runtime_error&) {
    threw = true;
  }
  EXPECT_TRUE(threw);
}

HOCKET_TEST(task, gives_itself_to_a_callback_that_asks_for_it) {
  std::string value;
  const auto work = hocket::create_task(seven());
  work.add_done_callback([&value](const hocket::task<std::string>& ended) { value = ended.result(); });
  co_await hocket::sleep(1s);
  EXPECT_EQ(value, "seven");
}

HOCKET_TEST(task, gives_itself_to_a_callback_though_nobody_else_holds_it) {
  std::string value;
  hocket::create_task(seven()).add_done_callback(
      [&value](const hocket::task<std::string>& ended) { value = ended.result(); });
  co_await hocket::sleep(1s);
  EXPECT_EQ(value, "seven");
}

HOCKET_TEST(task, does_not_call_back_what_was_taken_back) {
  bool called = false;
  const auto work = hocket::create_task(hocket::sleep(1s));
  auto pending = work.add_done_callback([&called] { called = true; });
  pending.cancel();
  co_await hocket::sleep(2s);
  EXPECT_FALSE(called);
}

HOCKET_TEST(task, does_not_call_back_what_an_earlier_callback_took_back) {
  bool called = false;
  hocket::handle second;
  const auto work = hocket::create_task(hocket::sleep(1s));
  work.add_done_callback([&second] { second.cancel(); });
  second = work.add_done_callback([&called](const hocket::task<void>&) { called = true; });
  co_await hocket::sleep(2s);
  EXPECT_FALSE(called);
}

HOCKET_TEST(task, is_not_kept_by_a_handle_on_a_callback_that_has_run) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  auto broken = []() -> hocket::coro<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  const hocket::handle kept = hocket::create_task(broken()).add_done_callback([](const hocket::task<void>&) {});
  co_await hocket::sleep(1s);
  EXPECT_EQ(told, 1);
  hocket::loop::running().set_exception_handler({});
}

HOCKET_TEST(task, knows_itself_as_the_current_one) {
  std::string name;
  auto body = [&name]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    name = hocket::current_task().name();
  };
  co_await hocket::create_task(body(), {.name = "inner"});
  EXPECT_EQ(name, "inner");
  EXPECT_EQ(hocket::current_task().name(), "main");
}

HOCKET_TEST(task, is_not_the_current_one_in_a_callback) {
  bool none = false;
  hocket::loop::running().call_soon([&none] { none = !hocket::current_task(); });
  co_await hocket::sleep({});
  EXPECT_TRUE(none);
}

// ---- its result

HOCKET_TEST(task, shows_its_result_to_whoever_awaits_the_handle) {
  auto work = hocket::create_task(seven());
  static_assert(std::is_same_v<decltype(work.operator co_await().await_resume()), const std::string&>);
  EXPECT_EQ(co_await work, "seven");
  EXPECT_EQ(co_await work, "seven");
}

HOCKET_TEST(task, gives_its_result_away_to_whoever_awaits_a_moved_handle) {
  auto make = []() -> hocket::coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  auto work = hocket::create_task(make());
  const std::unique_ptr<int> mine = co_await std::move(work);
  EXPECT_EQ(*mine, 7);
}

HOCKET_TEST(task, keeps_its_result_for_the_others_when_one_of_its_handles_is_moved) {
  auto work = hocket::create_task(seven());
  auto other = work;
  EXPECT_EQ(co_await std::move(other), "seven");
  EXPECT_EQ(work.result(), "seven");
}

HOCKET_TEST(task, keeps_its_result_when_another_task_is_made_of_it) {
  auto work = hocket::create_task(seven());
  co_await hocket::create_task(work);
  EXPECT_EQ(work.result(), "seven");
}

HOCKET_TEST(task, keeps_its_result_when_its_outcome_is_asked_for) {
  auto work = hocket::create_task(seven());
  EXPECT_EQ((co_await hocket::as_result(work)).value(), "seven");
  EXPECT_EQ(work.result(), "seven");
}

HOCKET_TEST(task, is_awaited_without_suspending_when_it_is_done) {
  auto work = hocket::create_task(seven());
  co_await work;
  const auto turn = hocket::loop::running().counters().turns;
  co_await work;
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(task, throws_its_exception_at_each_who_awaits_it) {
  auto work = hocket::create_task(fail("broken"));
  int caught = 0;
  for (int n = 0; n < 2; ++n) {
    try {
      co_await work;
    } catch (const std::runtime_error&) {
      ++caught;
    }
  }
  EXPECT_EQ(caught, 2);
}

HOCKET_TEST(task, refuses_to_show_a_result_that_it_does_not_have_yet) {
  auto work = hocket::create_task(seven());
  EXPECT_THROW(static_cast<void>(work.result()), hocket::invalid_state_error);
  EXPECT_THROW(static_cast<void>(work.exception()), hocket::invalid_state_error);
  co_await work;
  EXPECT_EQ(work.result(), "seven");
  EXPECT_EQ(work.exception(), nullptr);
}

HOCKET_TEST(task, shows_its_exception) {
  auto work = hocket::create_task(fail("broken"));
  co_await hocket::sleep({});
  EXPECT_TRUE(work.done());
  EXPECT_THROW(std::rethrow_exception(work.exception()), std::runtime_error);
}

HOCKET_TEST(task, throws_cancelled_instead_of_a_result_if_it_was_cancelled) {
  auto work = hocket::create_task(seven());
  work.cancel();
  co_await hocket::sleep({});
  EXPECT_THROW(static_cast<void>(work.result()), hocket::cancelled);
  EXPECT_THROW(static_cast<void>(work.exception()), hocket::cancelled);
}

HOCKET_TEST(task, fails_if_its_value_cannot_be_moved) {
  struct reluctant {
    reluctant() = default;
    reluctant(reluctant&& other) : moves(other.moves + 1) {
      if (moves > 1) throw std::runtime_error("once is enough");
    }
    int moves = 0;
  };
  auto make = []() -> hocket::coro<reluctant> { co_return reluctant{}; };
  auto work = hocket::create_task(make());
  co_await hocket::sleep({});
  EXPECT_THROW(std::rethrow_exception(work.exception()), std::runtime_error);
}

// ---- ownership

HOCKET_TEST(task, goes_on_when_its_handle_is_dropped) {
  bool ended = false;
  auto body = [&ended]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ended = true;
  };
  hocket::create_task(body());
  co_await hocket::sleep(2s);
  EXPECT_TRUE(ended);
}

HOCKET_TEST(task, frees_its_frame_and_parameters_before_any_waiter_runs) {
  auto token = std::make_shared<int>();
  auto keep = [](std::shared_ptr<int>) -> hocket::coro<void> { co_await hocket::sleep(1s); };
  auto work = hocket::create_task(keep(token));
  long uses_seen_by_callback = 0;
  work.add_done_callback([&] { uses_seen_by_callback = token.use_count(); });
  co_await work;
  EXPECT_EQ(uses_seen_by_callback, 1);
}

HOCKET_TEST(task, keeps_its_result_as_long_as_a_handle_is_left) {
  auto token = std::make_shared<int>();
  {
    auto give = [](std::shared_ptr<int> it) -> hocket::coro<std::shared_ptr<int>> { co_return it; };
    auto work = hocket::create_task(give(token));
    co_await work;
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

HOCKET_TEST(task, is_one_of_the_loops_until_it_is_done) {
  const auto count = [] { return hocket::loop::running().tasks().count(); };
  auto work = hocket::create_task(hocket::sleep(1s));
  EXPECT_EQ(count(), 2);
  co_await work;
  EXPECT_EQ(count(), 1);
}

// ---- waiters and callbacks

HOCKET_TEST(task, calls_back_in_order_of_registration_together_with_waiters) {
  std::string trace;
  auto work = hocket::create_task(hocket::sleep(1s));
  auto wait = [&](char name) -> hocket::coro<void> {
    co_await work;
    trace += name;
  };
  work.add_done_callback([&trace] { trace += 'a'; });
  auto first = hocket::create_task(wait('b'));
  co_await hocket::sleep({});
  work.add_done_callback([&trace] { trace += 'c'; });
  auto second = hocket::create_task(wait('d'));
  co_await second;
  EXPECT_EQ(trace, "abcd");
}

HOCKET_TEST(task, never_calls_back_inline_even_when_it_is_done) {
  auto work = hocket::create_task(seven());
  co_await work;
  bool called = false;
  work.add_done_callback([&called] { called = true; });
  EXPECT_FALSE(called);
  co_await hocket::sleep({});
  EXPECT_TRUE(called);
}

HOCKET_TEST(task, reports_a_callback_that_throws_and_calls_the_next_one) {
  told_errors told;
  bool called = false;
  auto work = hocket::create_task(seven());
  work.add_done_callback([] { throw std::runtime_error("broken"); });
  work.add_done_callback([&called] { called = true; });
  co_await work;
  co_await hocket::sleep({});
  EXPECT_TRUE(called);
  EXPECT_EQ(told.count(), 1U);
}

// ---- errors nobody looks at

HOCKET_TEST(task, reports_an_error_that_nobody_looked_at_once) {
  told_errors told;
  hocket::create_task(fail("broken"));
  co_await hocket::sleep(1s);
  EXPECT_EQ(told.count(), 1U);
}

HOCKET_TEST(task, reports_where_it_was_made) {
  told_errors told;
  const auto line = static_cast<unsigned>(__LINE__ + 1);
  hocket::create_task(fail("broken"));
  co_await hocket::sleep(1s);
  EXPECT_EQ(told.front().where.line(), line);
}

HOCKET_TEST(task, reports_only_when_the_last_handle_is_gone) {
  told_errors told;
  {
    auto work = hocket::create_task(fail("broken"));
    co_await hocket::sleep(1s);
    EXPECT_EQ(told.count(), 0U);
  }
  EXPECT_EQ(told.count(), 1U);
}

HOCKET_TEST(task, reports_nothing_if_somebody_looked_at_its_error) {
  told_errors told;
  {
    auto work = hocket::create_task(fail("broken"));
    co_await hocket::sleep(1s);
    static_cast<void>(work.exception());
  }
  EXPECT_EQ(told.count(), 0U);
}

HOCKET_TEST(task, reports_nothing_if_it_was_cancelled) {
  told_errors told;
  hocket::create_task(hocket::sleep(1h)).cancel();
  co_await hocket::sleep(1s);
  EXPECT_EQ(told.count(), 0U);
}

HOCKET_TEST(sleep, lets_every_ready_task_run_once_if_its_length_is_zero) {
  std::string trace;
  auto body = [&trace](char name) -> hocket::coro<void> {
    for (int n = 0; n < 2; ++n) {
      trace += name;
      co_await hocket::sleep(0s);
    }
  };
  co_await hocket::gather(body('a'), body('b'), body('c'));
  EXPECT_EQ(trace, "abcabc");
}

HOCKET_TEST(sleep, wakes_in_the_order_of_the_deadlines) {
  std::string trace;
  auto nap = [&trace](int seconds) -> hocket::coro<void> {
    co_await hocket::sleep(std::chrono::seconds(seconds));
    trace += std::to_string(seconds);
  };
  co_await hocket::gather(nap(3), nap(1), nap(2));
  EXPECT_EQ(trace, "123");
}

HOCKET_TEST(sleep, of_more_than_the_clock_can_count_lasts_until_it_is_cancelled) {
  auto endless = hocket::create_task(hocket::sleep(std::chrono::hours::max()));
  co_await hocket::sleep(1h);
  EXPECT_FALSE(endless.done());
  endless.cancel();
  EXPECT_TRUE(co_await ends_cancelled(endless));
}

HOCKET_REAL_TIME_TEST(sleep, lasts_at_least_as_long_as_asked) {
  const auto begin = hocket::loop::running().time();
  co_await hocket::sleep(3ms);
  EXPECT_GE(hocket::loop::running().time() - begin, 3ms);
}

HOCKET_TEST(wait_all_tasks_blocked, returns_when_nobody_is_ready_and_before_time_moves) {
  const auto begin = hocket::loop::running().time();
  int steps = 0;
  auto busy = [&steps]() -> hocket::coro<void> {
    for (; steps < 100; ++steps) co_await hocket::sleep(0s);
    co_await hocket::sleep(1s);
    ++steps;
  };
  auto work = hocket::create_task(busy());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(steps, 100);
  EXPECT_EQ(hocket::loop::running().time(), begin);
  co_await work;
}

HOCKET_TEST(task, cannot_await_itself) {
  hocket::task<void> self;
  bool refused = false;
  auto body = [&]() -> hocket::coro<void> {
    try {
      co_await self;
    } catch (const hocket::invalid_state_error&) {
      refused = true;
    }
  };
  self = hocket::create_task(body());
  co_await self;
  EXPECT_TRUE(refused);
}

// Nobody can end a circle, so the process that makes one leaves without cleaning up.
[[noreturn]] void cancel_a_circle() {
  ::alarm(30);
  auto amain = []() -> hocket::coro<void> {
    hocket::task<void> second;
    auto wait_for_second = [&]() -> hocket::coro<void> { co_await second; };
    auto first = hocket::create_task(wait_for_second());
    auto wait_for_first = [&]() -> hocket::coro<void> { co_await first; };
    second = hocket::create_task(wait_for_first());
    co_await hocket::testing::wait_all_tasks_blocked();
    first.cancel();  // goes on to second, and from there back to first
    ::_exit(0);
  };
  hocket::run(amain());
  ::_exit(1);
}

TEST(task, tasks_that_await_each_other_in_a_circle_do_not_hang_who_cancels_them) {
  EXPECT_EXIT(cancel_a_circle(), testing::ExitedWithCode(0), "");
}

HOCKET_TEST(task, cannot_wait_for_what_belongs_to_another_loop) {
  hocket::future<void>* elsewhere = nullptr;
  std::binary_semaphore made(0);
  std::binary_semaphore used(0);
  std::jthread other([&] {
    auto lend = [&]() -> hocket::coro<void> {
      hocket::future<void> mine;
      elsewhere = &mine;
      made.release();
      used.acquire();
      co_return;
    };
    hocket::run(lend(), {.handle_sigint = false});
  });
  made.acquire();
  EXPECT_THROW(co_await *elsewhere, hocket::invalid_state_error);
  used.release();
}

}  // namespace

// In a process of its own, for the task is never freed.
TEST(task_death_test, cannot_be_cancelled_when_its_loop_is_gone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    hocket::task<> pending;
    {
      hocket::loop on;
      on.set_exception_handler([](const hocket::exception_context&) {});
      on.call_soon([&] {
        pending = hocket::create_task(hocket::sleep(1h));
        on.stop();
      });
      on.run_forever();
    }
    std::_Exit(pending.cancel() ? 1 : 7);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "");
}
