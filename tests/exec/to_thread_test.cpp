#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::to_thread;
using hocket::testing::ends_cancelled;

namespace {

HOCKET_TEST(to_thread, gives_what_the_function_returns) {
  EXPECT_EQ(co_await to_thread([](int n) { return n * 2; }, 21), 42);
}

HOCKET_TEST(to_thread, throws_what_the_function_throws) {
  const auto outcome = co_await hocket::as_result(to_thread([]() -> int { throw std::runtime_error("broken"); }));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(to_thread, runs_the_function_on_another_thread) {
  const auto where = co_await to_thread([] { return std::this_thread::get_id(); });
  EXPECT_NE(where, std::this_thread::get_id());
}

HOCKET_TEST(to_thread, resumes_on_the_thread_of_the_loop) {
  const auto home = std::this_thread::get_id();
  co_await to_thread([] {});
  EXPECT_EQ(std::this_thread::get_id(), home);
}

HOCKET_TEST(to_thread, moves_its_arguments_in) {
  auto number = std::make_unique<int>(7);
  const int got = co_await to_thread([](std::unique_ptr<int> mine) { return *mine; }, std::move(number));
  EXPECT_EQ(got, 7);
}

HOCKET_TEST(to_thread, gives_a_result_that_can_only_be_moved) {
  const auto made = co_await to_thread([] { return std::make_unique<int>(7); });
  EXPECT_EQ(*made, 7);
}

HOCKET_TEST(to_thread, lets_the_loop_go_on_meanwhile) {
  std::latch go(1);
  auto blocked = hocket::create_task(to_thread([&go] { go.wait(); }));
  co_await hocket::sleep(0s);
  go.count_down();
  co_await blocked;
}

HOCKET_TEST(to_thread, runs_functions_at_the_same_time) {
  std::latch together(2);
  auto meet = [&together] { together.arrive_and_wait(); };
  co_await hocket::gather(to_thread(meet), to_thread(meet));
}

HOCKET_TEST(to_thread, is_waited_for_before_virtual_time_moves_on) {
  const auto begin = hocket::loop::running().time();
  auto later = hocket::create_task(hocket::sleep(1ms));
  co_await to_thread([] { std::this_thread::sleep_for(50ms); });
  EXPECT_EQ(hocket::loop::running().time(), begin);
  co_await later;
}

HOCKET_TEST(to_thread, waits_for_its_function_even_when_cancelled) {
  std::latch begun(1);
  std::latch go(1);
  std::atomic<bool> ended = false;
  auto wait = [&]() -> hocket::coro<void> {
    co_await to_thread([&] {
      begun.count_down();
      go.wait();
      ended = true;
    });
    EXPECT_TRUE(ended);
  };
  auto work = hocket::create_task(wait());
  co_await hocket::sleep(0s);
  begun.wait();
  work.cancel();
  co_await hocket::sleep(0s);
  EXPECT_FALSE(work.done());
  go.count_down();
  static_cast<void>(co_await ends_cancelled(work));
  EXPECT_TRUE(ended);
}

HOCKET_TEST(to_thread, gives_its_result_though_cancelled_and_leaves_the_request_pending) {
  std::latch begun(1);
  std::latch go(1);
  std::string trace;
  auto wait = [&]() -> hocket::coro<void> {
    const int got = co_await to_thread([&] {
      begun.count_down();
      go.wait();
      return 7;
    });
    trace += std::to_string(got);
    try {
      co_await hocket::sleep(1s);
    } catch (const hocket::cancelled&) {
      trace += " cancelled";
      throw;
    }
  };
  auto work = hocket::create_task(wait());
  co_await hocket::sleep(0s);
  begun.wait();
  work.cancel();
  go.count_down();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "7 cancelled");
}

/// Keeps every thread of the running loop's pool busy until it is told to let go.
class busy_pool {
 public:
  busy_pool() {
    for (auto& each : blocked_) each = hocket::create_task(to_thread([this] { go_.wait(); }));
  }
  hocket::coro<void> let_go() {
    go_.count_down();
    for (auto& each : blocked_) co_await each;
  }

 private:
  std::latch go_{1};
  std::vector<hocket::task<void>> blocked_{hocket::blocking_pool::default_limit()};
};

HOCKET_TEST(to_thread, takes_back_a_function_that_has_not_begun) {
  busy_pool pool;
  co_await hocket::sleep(0s);
  std::atomic<bool> ran = false;
  auto work = hocket::create_task(to_thread([&ran] { ran = true; }));
  co_await hocket::sleep(0s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  co_await pool.let_go();
  EXPECT_FALSE(ran);
}

HOCKET_TEST(to_thread, serves_more_calls_than_there_are_threads) {
  busy_pool pool;
  co_await hocket::sleep(0s);
  std::atomic<int> ran = 0;
  std::vector<hocket::task<void>> calls;
  for (int n = 0; n < 100; ++n) calls.push_back(hocket::create_task(to_thread([&ran] { ++ran; })));
  co_await hocket::sleep(0s);
  EXPECT_EQ(ran, 0);
  co_await pool.let_go();
  for (auto& each : calls) co_await each;
  EXPECT_EQ(ran, 100);
}

HOCKET_TEST(to_thread, times_out_only_when_its_function_has_ended) {
  std::latch begun(1);
  std::atomic<bool> ended = false;
  bool timed_out = false;
  hocket::timeout limit(1h);
  auto slow = [&]() -> hocket::coro<void> {
    co_await to_thread([&] {
      begun.count_down();
      std::this_thread::sleep_for(5ms);
      ended = true;
    });
    co_await hocket::sleep(1h);
  };
  hocket::loop::running().call_soon([&] {
    begun.wait();
    limit.reschedule(hocket::loop::running().time());
  });
  try {
    co_await limit.run(slow);
  } catch (const hocket::timeout_error&) {
    timed_out = true;
  }
  EXPECT_TRUE(timed_out);
  EXPECT_TRUE(ended);
}

HOCKET_TEST(to_thread, may_be_abandoned_while_its_function_runs) {
  auto begun = std::make_shared<std::latch>(1);
  auto go = std::make_shared<std::latch>(1);
  auto work = hocket::create_task(to_thread(hocket::abandon_on_cancel, [begun, go] {
    begun->count_down();
    go->wait();
  }));
  co_await hocket::sleep(0s);
  begun->wait();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_FALSE(go->try_wait());
  go->count_down();
}

HOCKET_TEST(to_thread, gives_its_result_when_it_may_be_abandoned_but_is_not) {
  auto number = std::make_unique<int>(7);
  const auto add = [](std::unique_ptr<int> mine, int more) { return *mine + more; };
  EXPECT_EQ(co_await to_thread(hocket::abandon_on_cancel, add, std::move(number), 1), 8);
}

HOCKET_TEST(to_thread, throws_what_the_function_throws_when_it_may_be_abandoned) {
  const auto fail = []() -> int { throw std::runtime_error("broken"); };
  const auto outcome = co_await hocket::as_result(to_thread(hocket::abandon_on_cancel, fail));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(to_thread, never_calls_a_function_that_was_abandoned_before_it_began) {
  busy_pool pool;
  co_await hocket::sleep(0s);
  auto ran = std::make_shared<std::atomic<bool>>(false);
  auto work = hocket::create_task(to_thread(hocket::abandon_on_cancel, [ran] { *ran = true; }));
  co_await hocket::sleep(0s);
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  co_await pool.let_go();
  co_await to_thread([] {});
  EXPECT_FALSE(*ran);
}

TEST(to_thread, drops_the_result_of_an_abandoned_function_before_run_ends) {
  const auto home = std::this_thread::get_id();
  std::thread::id dropped_on;
  const auto note = [&dropped_on](const int* number) {
    dropped_on = std::this_thread::get_id();
    delete number;
  };
  std::latch begun(1);
  const auto amain = [&]() -> hocket::coro<void> {
    auto work = hocket::create_task(to_thread(hocket::abandon_on_cancel, [&begun, note] {
      begun.count_down();
      return std::shared_ptr<int>(new int(7), note);
    }));
    co_await hocket::sleep(0s);
    begun.wait();
    work.cancel();
    EXPECT_TRUE(co_await ends_cancelled(work));
  };
  hocket::run(amain());
  EXPECT_EQ(dropped_on, home);
}

TEST(to_thread, leaves_nothing_behind_when_it_is_abandoned_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    for (int n = 0; n < 3; ++n)
      co_await to_thread(hocket::abandon_on_cancel, [text = std::string("owned")] { return text.size(); });
  });
  EXPECT_GE(report.cancelled, 3U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

hocket::context_var<int> number("number");

HOCKET_TEST(to_thread, shows_its_function_the_context_variables_of_its_caller) {
  number.set(7);
  EXPECT_EQ(co_await to_thread([] { return number.get(0); }), 7);
}

HOCKET_TEST(to_thread, keeps_what_its_function_sets_from_its_caller) {
  number.set(7);
  co_await to_thread([] { number.set(8); });
  EXPECT_EQ(number.get(), 7);
}

HOCKET_TEST(to_thread, keeps_what_its_function_sets_from_later_calls) {
  for (int n = 0; n < 40; ++n) {
    const int before = co_await to_thread([] {
      const int seen = number.get(0);
      number.set(8);
      return seen;
    });
    EXPECT_EQ(before, 0);
  }
}

HOCKET_TEST(to_thread, shows_a_function_that_may_be_abandoned_a_copy_of_its_callers_context_variables) {
  const auto replace = [] {
    const int seen = number.get(0);
    number.set(8);
    return seen;
  };
  for (int n = 0; n < 40; ++n) {
    EXPECT_EQ(co_await to_thread(hocket::abandon_on_cancel, replace), 0);
  }
  number.set(7);
  EXPECT_EQ(co_await to_thread(hocket::abandon_on_cancel, replace), 7);
  EXPECT_EQ(number.get(), 7);
}

HOCKET_TEST(to_thread, destroys_context_variables_on_the_thread_of_the_loop) {
  static hocket::context_var<std::shared_ptr<int>> held("held");
  std::thread::id where;
  auto value = std::shared_ptr<int>(new int(7), [&where](const int* number_of) {
    where = std::this_thread::get_id();
    delete number_of;
  });
  auto use = [](std::shared_ptr<int> mine) -> hocket::coro<void> {
    auto undo = held.set(std::move(mine));
    co_await to_thread([] { std::this_thread::sleep_for(1ms); });
    held.reset(undo);
  };
  co_await use(std::move(value));
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(to_thread, refers_to_its_callers_frame_safely_when_cancelled_at_any_suspension) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> hocket::coro<void> {
    std::string text = "in the caller's frame";
    for (int n = 0; n < 3; ++n) co_await to_thread([&text] { text += '.'; });
    co_await hocket::gather(to_thread([&text] { return text.size(); }), to_thread([&text] { return text.size(); }));
  });
  EXPECT_GE(report.runs, 4U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
