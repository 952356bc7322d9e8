#include <coroutine>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/core/call_graph.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;

/// As libraries have it that know nothing of hocket: whoever sets it resumes who waits, inside of that call.
class their_event {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  [[nodiscard]] int await_resume() const { return value_.value(); }

  void set(int value) {
    value_ = value;
    if (waiter_) std::exchange(waiter_, {}).resume();
  }
  [[nodiscard]] bool is_awaited() const noexcept { return waiter_ != nullptr; }

 private:
  std::optional<int> value_;
  std::coroutine_handle<> waiter_;
};

/// The same by an operator, and with an awaiter that begins at once and cannot be moved.
struct in_a_thread {
  struct awaiter {
    explicit awaiter(int value) : value_(value) {}
    awaiter(const awaiter&) = delete;
    ~awaiter() {
      if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      thread_ = std::thread([waiter] { waiter.resume(); });
    }
    [[nodiscard]] int await_resume() const noexcept { return value_; }

   private:
    int value_;
    std::thread thread_;
  };
  [[nodiscard]] awaiter operator co_await() const { return awaiter(value); }
  int value;
};

struct not_after_all {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
  [[nodiscard]] int await_resume() const noexcept { return 3; }
};

struct broken {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("it is broken"); }
  void await_resume() const noexcept {}
};

/// Hands control to whatever it is told to, as coroutines of other libraries do.
struct straight_back {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) const noexcept { return waiter; }
  [[nodiscard]] int await_resume() const noexcept { return 4; }
};

/// Made of hocket's, as a wrapper that logs or measures is.
struct measured_sleep {
  decltype(hocket::sleep(1s)) inner;
  [[nodiscard]] bool await_ready() { return inner.await_ready(); }
  auto await_suspend(std::coroutine_handle<> waiter) { return inner.await_suspend(waiter); }
  void await_resume() { inner.await_resume(); }
};

hocket::coro<void> sleep_measured() { co_await measured_sleep{hocket::sleep(1h)}; }

std::string me() { return std::string(hocket::task_base::require_current().name()); }

hocket::coro<int> value_of(their_event& event) { co_return co_await event; }

}  // namespace

HOCKET_TEST(foreign_wait, ends_when_another_thread_resumes_it_on_the_loops_own_thread_in_its_own_task) {
  const auto here = std::this_thread::get_id();
  EXPECT_EQ(co_await in_a_thread{7}, 7);
  EXPECT_EQ(std::this_thread::get_id(), here);
  EXPECT_EQ(me(), "main");
  co_await hocket::sleep(1s);
}

HOCKET_TEST(foreign_wait, does_not_go_on_inside_of_whoever_resumes_it) {
  their_event event;
  std::vector<std::string> order;
  const auto wait = [&]() -> hocket::coro<void> {
    const int value = co_await event;
    order.push_back(me() + " has " + std::to_string(value));
    co_await hocket::sleep(1s);  // as a task of its own
    order.push_back(me() + " ends");
  };
  auto waiting = hocket::create_task(wait(), {.name = "waiting"});
  co_await hocket::testing::wait_all_tasks_blocked();
  event.set(1);
  order.push_back(me() + " has set it");
  co_await waiting;
  EXPECT_EQ(order, (std::vector<std::string>{"main has set it", "waiting has 1", "waiting ends"}));
}

HOCKET_TEST(foreign_wait, for_what_is_there_takes_no_turn) {
  their_event event;
  event.set(2);
  const auto turns = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await event, 2);
  EXPECT_EQ(co_await not_after_all{}, 3);
  EXPECT_EQ(hocket::loop::running().counters().turns, turns);
  EXPECT_EQ(co_await straight_back{}, 4);
  co_await hocket::sleep(1s);
}

HOCKET_TEST(foreign_wait, that_cannot_begin_throws_what_is_thrown) {
  bool thrown = false;
  try {
    co_await broken{};
  } catch (const std::runtime_error& problem) {
    thrown = std::string(problem.what()) == "it is broken";
  }
  EXPECT_TRUE(thrown);
  co_await hocket::sleep(1s);
}

HOCKET_TEST(foreign_wait, is_deaf_to_a_cancellation_which_the_next_await_throws) {
  their_event event;
  int got = 0;
  const auto wait = [&]() -> hocket::coro<void> {
    got = co_await event;
    co_await hocket::sleep(1h);
  };
  auto waiting = hocket::create_task(wait());
  co_await hocket::testing::wait_all_tasks_blocked();
  waiting.cancel();
  co_await hocket::sleep(1s);
  EXPECT_FALSE(waiting.done());
  event.set(5);
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(waiting));
  EXPECT_EQ(got, 5);
}

HOCKET_TEST(foreign_wait, does_not_begin_where_a_cancellation_is_pending) {
  their_event event;
  const auto wait = [&]() -> hocket::coro<void> {
    hocket::task_base::require_current().cancel();
    co_await event;
  };
  auto waiting = hocket::create_task(wait());
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(waiting));
  EXPECT_FALSE(event.is_awaited());
}

HOCKET_TEST(foreign_wait, shows_in_the_call_graph_with_all_frames) {
  their_event event;
  auto waiting = hocket::create_task(value_of(event));
  co_await hocket::testing::wait_all_tasks_blocked();
  const auto graph = hocket::capture_call_graph(waiting);
  EXPECT_EQ(graph.call_stack.size(), 1U);
  EXPECT_TRUE(graph.call_stack.front().function().ends_with("value_of"));
  event.set(1);
  EXPECT_EQ(co_await waiting, 1);
}

HOCKET_TEST(foreign_wait, for_what_is_made_of_hockets_operations_is_in_the_chain_between) {
  hocket::loop::running().set_debug(true);
  const auto begun = hocket::loop::running().time();
  auto sleeping = hocket::create_task(sleep_measured());
  co_await hocket::testing::wait_all_tasks_blocked();
  const auto graph = hocket::capture_call_graph(sleeping);
  EXPECT_FALSE(graph.call_stack.empty());
  EXPECT_TRUE(graph.call_stack.back().function().ends_with("sleep_measured"));
  co_await sleeping;
  EXPECT_EQ(hocket::loop::running().time(), begun + 1h);
  auto cancelled = hocket::create_task(sleep_measured());
  co_await hocket::testing::wait_all_tasks_blocked();
  cancelled.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(cancelled));
  hocket::loop::running().set_debug(false);
}
