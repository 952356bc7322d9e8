#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;

/// Turns debug mode on for the running loop and keeps what it reports.
class debugging {
 public:
  debugging() {
    loop_.set_debug(true);
    loop_.set_exception_handler([this](const hocket::exception_context& report) { reports.push_back(report); });
  }
  ~debugging() {
    loop_.set_exception_handler({});
    loop_.set_debug(false);
  }
  debugging(const debugging&) = delete;

  /// True if there is one report, and it says all of that.
  [[nodiscard]] testing::AssertionResult says(const std::vector<std::string>& parts) const {
    if (reports.size() != 1) return testing::AssertionFailure() << reports.size() << " reports";
    for (const std::string& part : parts)
      if (reports.front().message.find(part) == std::string::npos)
        return testing::AssertionFailure() << "'" << part << "' is not in '" << reports.front().message << "'";
    return testing::AssertionSuccess();
  }

  std::vector<hocket::exception_context> reports;

 private:
  hocket::loop& loop_ = hocket::loop::running();
};

/// Calls `function` on another thread and waits for that.
template <class Function>
void elsewhere(Function function) {
  std::thread(function).join();
}

constexpr unsigned nothing_stands_at = __LINE__ + 1;
hocket::coro<void> nothing() { co_return; }
hocket::coro<void> nap() { co_await hocket::sleep(1h); }
constexpr unsigned blocks = __LINE__;
hocket::coro<void> block_and_wait() {
  co_await hocket::sleep(1s);
  std::this_thread::sleep_for(120ms);
  co_await hocket::sleep(1s);
}
hocket::coro<void> block_within() { co_await block_and_wait(); }

std::string place(unsigned line) { return "debug_test.cpp:" + std::to_string(line); }

}  // namespace

// ---- calls on the wrong thread

HOCKET_TEST(debug_mode, refuses_call_soon_on_another_thread) {
  const debugging debug;
  hocket::loop& loop = hocket::loop::running();
  elsewhere([&] { EXPECT_THROW(loop.call_soon([] {}), hocket::invalid_state_error); });
  co_return;
}

HOCKET_TEST(debug_mode, refuses_a_timer_on_another_thread) {
  const debugging debug;
  hocket::loop& loop = hocket::loop::running();
  elsewhere([&] { EXPECT_THROW(loop.call_later(1s, [] {}), hocket::invalid_state_error); });
  co_return;
}

HOCKET_TEST(debug_mode, takes_call_soon_threadsafe_on_another_thread) {
  const debugging debug;
  hocket::loop& loop = hocket::loop::running();
  bool called = false;
  elsewhere([&] { loop.call_soon_threadsafe([&] { called = true; }); });
  co_await hocket::sleep(1s);
  EXPECT_TRUE(called);
}

HOCKET_TEST(debug_mode, refuses_to_set_a_future_on_another_thread_and_leaves_it_as_it_was) {
  const debugging debug;
  hocket::future<int> answer;
  elsewhere([&] { EXPECT_THROW(answer.set_result(1), hocket::invalid_state_error); });
  EXPECT_FALSE(answer.done());
  answer.set_result(2);
  EXPECT_EQ(co_await answer, 2);
}

HOCKET_TEST(debug_mode, refuses_to_cancel_a_future_on_another_thread) {
  const debugging debug;
  const hocket::future<int> answer;
  elsewhere([&] { EXPECT_THROW(answer.cancel(), hocket::invalid_state_error); });
  EXPECT_FALSE(answer.done());
  co_return;
}

HOCKET_TEST(debug_mode, refuses_to_cancel_a_task_on_another_thread) {
  const debugging debug;
  auto task = hocket::create_task(nap());
  elsewhere([&] { EXPECT_THROW(task.cancel(), hocket::invalid_state_error); });
  co_await task;
  EXPECT_FALSE(task.was_cancelled());
}

HOCKET_TEST(debug_mode, refuses_a_child_of_a_group_on_another_thread) {
  const debugging debug;
  const auto body = [](hocket::task_group& group) -> hocket::coro<void> {
    elsewhere([&] {
      try {
        group.create_task(nothing());
        ADD_FAILURE();
      } catch (const hocket::invalid_state_error& refused) {
        EXPECT_NE(std::string(refused.what()).find("task_group::create_task was called on another thread"),
                  std::string::npos);
      }
    });
    co_return;
  };
  co_await hocket::with_task_group(body);
}

// Run in a process of its own: it ends.
static void end_by(hocket::coro<void> (*program)()) { hocket::run(program(), {.debug = true}); }

static hocket::coro<void> wake_elsewhere() {
  hocket::future<int> answer;
  elsewhere([&] {
    hocket::loop& loop = answer.record()->owner();
    struct nobody final : hocket::ready_node {
      void run() noexcept override {}
    } node;
    loop.schedule(node);
  });
  co_return;
}

TEST(debug_mode, ends_the_program_with_one_line_when_a_task_is_woken_on_another_thread) {
  EXPECT_DEATH(end_by(wake_elsewhere),
               "^hocket: a task was woken on another thread than the loop's: use loop::call_soon_threadsafe\n$");
}

static hocket::coro<void> cancel_scope_elsewhere() {
  hocket::cancel_scope scope;
  const auto body = [&]() -> hocket::coro<void> {
    elsewhere([&] { scope.cancel(); });
    co_return;
  };
  co_await scope.run(body);
}

TEST(debug_mode, ends_the_program_with_one_line_when_a_scope_is_cancelled_on_another_thread) {
  EXPECT_DEATH(end_by(cancel_scope_elsewhere), "^hocket: cancel_scope::cancel was called on another thread");
}

// ---- what keeps the loop

HOCKET_TEST(debug_mode, reports_a_slow_step_with_the_task_and_the_awaits_around_it) {
  const debugging debug;
  auto task = hocket::create_task(block_within(), {.name = "slow"});
  co_await task;
  EXPECT_TRUE(debug.says({"task 'slow' kept the loop for 0.1", "between ", place(blocks + 2), "block_within()",
                          place(blocks + 6), " > ", "block_and_wait()", place(blocks + 4)}));
}

HOCKET_TEST(debug_mode, reports_where_the_slow_task_was_made) {
  const debugging debug;
  const unsigned line = __LINE__ + 1;
  co_await hocket::create_task(block_within());
  EXPECT_EQ(debug.reports.front().where.line(), line);
}

HOCKET_TEST(debug_mode, reports_a_first_step_that_is_slow_and_the_last) {
  const debugging debug;
  const auto block = []() -> hocket::coro<void> {
    std::this_thread::sleep_for(120ms);
    co_return;
  };
  co_await hocket::create_task(block());
  EXPECT_TRUE(debug.says({"between its beginning and its end"}));
}

HOCKET_TEST(debug_mode, reports_a_slow_callback_by_the_function_that_it_stands_in) {
  const debugging debug;
  hocket::loop::running().call_soon([] { std::this_thread::sleep_for(120ms); });
  co_await hocket::sleep(1s);
  EXPECT_TRUE(debug.says({"a callback kept the loop for 0.1", "by_the_function_that_it_stands_in_body"}));
}

HOCKET_TEST(debug_mode, counts_the_time_of_an_eager_task_as_its_own_alone) {
  const debugging debug;
  const auto block = []() -> hocket::coro<void> {
    std::this_thread::sleep_for(120ms);
    co_return;
  };
  const auto spawn = [&]() -> hocket::coro<void> {
    co_await hocket::create_task(block(), {.name = "eager", .eager_start = true});
  };
  co_await hocket::create_task(spawn());
  EXPECT_TRUE(debug.says({"task 'eager'"}));
}

HOCKET_TEST(debug_mode, leaves_a_limit_to_be_set_for_what_is_slow) {
  const debugging debug;
  hocket::loop::running().set_slow_callback_duration(1min);
  co_await hocket::create_task(block_within());
  EXPECT_TRUE(debug.reports.empty());
}

// ---- coroutines that never ran

HOCKET_TEST(debug_mode, reports_a_coroutine_that_was_never_awaited_with_where_its_function_stands) {
  const debugging debug;
  static_cast<void>(nothing());
  EXPECT_TRUE(debug.says({"a coroutine was dropped and never ran", "nothing()"}));
  EXPECT_EQ(debug.reports.front().where.line(), nothing_stands_at);
  co_return;
}

HOCKET_TEST(debug_mode, reports_once_what_was_dropped_together) {
  const debugging debug;
  static_cast<void>(hocket::gather(nothing(), nothing()));
  EXPECT_TRUE(debug.says({"gather"}));
  co_return;
}

HOCKET_TEST(debug_mode, does_not_report_a_coroutine_that_was_closed) {
  const debugging debug;
  nothing().close();
  hocket::gather(nothing(), nothing()).close();
  EXPECT_TRUE(debug.reports.empty());
  co_return;
}

HOCKET_TEST(debug_mode, does_not_report_what_wait_for_does_not_start) {
  const debugging debug;
  try {
    co_await hocket::wait_for(nothing(), 0s);
  } catch (const hocket::timeout_error&) {
  }
  EXPECT_TRUE(debug.reports.empty());
}

HOCKET_TEST(debug_mode, does_not_report_a_task_that_was_cancelled_before_it_began_nor_what_it_was_given) {
  const debugging debug;
  auto task = hocket::create_task(hocket::wait_for(nothing(), 1s));
  task.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(task));
  EXPECT_TRUE(debug.reports.empty());
}

HOCKET_TEST(debug_mode, does_not_report_the_coroutines_of_a_gather_that_was_cancelled_before_it_began_them) {
  const debugging debug;
  const auto gathering = []() -> hocket::coro<void> { co_await hocket::gather(nothing(), nothing()); };
  auto task = hocket::create_task(gathering(), {.eager_start = true});
  task.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(task));
  EXPECT_TRUE(debug.reports.empty());
}

HOCKET_TEST(debug_mode, does_not_report_what_a_closing_group_refuses) {
  const debugging debug;
  const auto body = [](hocket::task_group& group) -> hocket::coro<void> {
    group.cancel();
    EXPECT_THROW(group.create_task(nothing()), hocket::invalid_state_error);
    co_return;
  };
  co_await hocket::with_task_group(body);
  EXPECT_TRUE(debug.reports.empty());
}

// ---- what is left over

HOCKET_TEST(debug_mode, reports_an_exception_of_nobody_with_the_name_of_the_task) {
  debugging debug;
  const auto fail = []() -> hocket::coro<void> {
    throw std::runtime_error("oh");
    co_return;
  };
  auto task = hocket::create_task(fail());
  const std::string name(task.name());
  task = {};
  co_await hocket::sleep(1s);
  EXPECT_TRUE(debug.says({"task '" + name + "' failed and nobody looked at its exception"}));
}

TEST(debug_mode, tells_where_a_task_waits_that_is_pending_when_its_loop_is_closed) {
  const auto leave_pending = [] {
    hocket::loop loop({.debug = true});
    const auto leave = []() -> hocket::coro<void> {
      hocket::create_task(nap(), {.name = "left"});
      co_await hocket::sleep(0s);
      co_await hocket::sleep(0s);
    };
    hocket::run_until_complete(loop, leave());
    loop.close();
    std::_Exit(0);
  };
  EXPECT_EXIT(
      leave_pending(), testing::ExitedWithCode(0),
      "a task was pending when its loop was closed: 'left', waiting in nap.. .*debug_test.cpp:[0-9]+ \\(made at "
      ".*debug_test.cpp:[0-9]+\\)");
}

// ---- how it is turned on

TEST(debug_mode, is_off_unless_asked_for) {
  ::unsetenv("HOCKET_DEBUG");
  hocket::loop loop;
  EXPECT_FALSE(loop.debug());
}

TEST(debug_mode, is_turned_on_by_the_environment) {
  ::setenv("HOCKET_DEBUG", "1", 1);
  const bool on = hocket::loop().debug();
  ::setenv("HOCKET_DEBUG", "0", 1);
  const bool off = !hocket::loop().debug();
  ::unsetenv("HOCKET_DEBUG");
  EXPECT_TRUE(on && off);
}

TEST(debug_mode, is_turned_on_by_an_option_of_run) {
  const auto ask = []() -> hocket::coro<bool> { co_return hocket::loop::running().debug(); };
  EXPECT_TRUE(hocket::run(ask(), {.debug = true}));
}

HOCKET_TEST(debug_mode, can_be_turned_off_while_it_watches) {
  debugging debug;
  const auto turn_off = []() -> hocket::coro<void> {
    std::this_thread::sleep_for(120ms);
    hocket::loop::running().set_debug(false);
    co_return;
  };
  co_await hocket::create_task(turn_off());
  EXPECT_TRUE(debug.reports.empty());
}
