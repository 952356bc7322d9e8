#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/future.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> wait_and_note(hocket::future<int> answer, std::string& trace, char name) {
  const int value = co_await answer;
  trace += name + std::to_string(value);
}

HOCKET_TEST(future, gives_the_result_to_all_who_wait_in_order) {
  const hocket::future<int> answer;
  std::string trace;
  auto first = hocket::create_task(wait_and_note(answer, trace, 'a'));
  auto second = hocket::create_task(wait_and_note(answer, trace, 'b'));
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  co_await second;
  EXPECT_EQ(trace, "a7b7");
}

HOCKET_TEST(future, runs_no_waiter_inside_set_result) {
  const hocket::future<int> answer;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(answer, trace, 'a'));
  co_await wait_all_tasks_blocked();
  answer.set_result(7);
  EXPECT_EQ(trace, "");
  co_await waiter;
}

HOCKET_TEST(future, is_awaited_without_suspending_when_it_is_done) {
  const hocket::future<int> answer;
  answer.set_result(7);
  const auto turn = hocket::loop::running().counters().turns;
  EXPECT_EQ(co_await answer, 7);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(future, throws_the_exception_that_was_set) {
  const hocket::future<int> answer;
  answer.set_exception(std::runtime_error("broken"));
  EXPECT_TRUE(answer.done());
  EXPECT_THROW(static_cast<void>(answer.result()), std::runtime_error);
  co_return;
}

HOCKET_TEST(future, refuses_an_exception_that_is_none) {
  const hocket::future<int> answer;
  EXPECT_THROW(answer.set_exception(std::exception_ptr()), hocket::invalid_state_error);
  EXPECT_FALSE(answer.done());
  co_return;
}

HOCKET_TEST(future, takes_one_result_only) {
  const hocket::future<int> answer;
  answer.set_result(7);
  EXPECT_THROW(answer.set_result(8), hocket::invalid_state_error);
  EXPECT_THROW(answer.set_exception(std::runtime_error("broken")), hocket::invalid_state_error);
  EXPECT_EQ(answer.result(), 7);
  co_return;
}

HOCKET_TEST(future, refuses_to_show_a_result_that_it_does_not_have_yet) {
  const hocket::future<int> answer;
  EXPECT_THROW(static_cast<void>(answer.result()), hocket::invalid_state_error);
  co_return;
}

HOCKET_TEST(future, of_nothing_only_tells_that_it_is_done) {
  const hocket::future<> done;
  auto waiter = hocket::create_task([](hocket::future<> it) -> hocket::coro<void> { co_await it; }(done));
  co_await wait_all_tasks_blocked();
  done.set_result();
  co_await waiter;
  EXPECT_TRUE(done.done());
}

HOCKET_TEST(future, throws_cancelled_at_who_waits_when_it_is_cancelled) {
  const hocket::future<int> answer;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(answer, trace, 'a'));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(answer.cancel());
  EXPECT_TRUE(co_await ends_cancelled(waiter));
  EXPECT_TRUE(answer.was_cancelled());
}

HOCKET_TEST(future, is_not_cancelled_once_it_is_done) {
  const hocket::future<int> answer;
  answer.set_result(7);
  EXPECT_FALSE(answer.cancel());
  EXPECT_EQ(answer.result(), 7);
  co_return;
}

HOCKET_TEST(future, is_cancelled_when_the_task_that_awaits_it_is) {
  const hocket::future<int> answer;
  std::string trace;
  auto waiter = hocket::create_task(wait_and_note(answer, trace, 'a'));
  co_await wait_all_tasks_blocked();
  waiter.cancel();
  EXPECT_TRUE(answer.was_cancelled());
  EXPECT_TRUE(co_await ends_cancelled(waiter));
}

HOCKET_TEST(future, refuses_a_result_after_it_was_cancelled) {
  const hocket::future<int> answer;
  answer.cancel();
  EXPECT_THROW(answer.set_result(7), hocket::invalid_state_error);
  EXPECT_THROW(static_cast<void>(answer.result()), hocket::cancelled);
  co_return;
}

HOCKET_TEST(future, calls_back_in_order_of_registration_together_with_waiters) {
  const hocket::future<int> answer;
  std::string trace;
  answer.add_done_callback([&trace] { trace += 'x'; });
  auto waiter = hocket::create_task(wait_and_note(answer, trace, 'a'));
  co_await wait_all_tasks_blocked();
  answer.add_done_callback([&trace] { trace += 'y'; });
  answer.set_result(7);
  co_await waiter;
  co_await hocket::sleep({});
  EXPECT_EQ(trace, "xa7y");
}

HOCKET_TEST(future, never_calls_back_inline_even_when_it_is_done) {
  const hocket::future<int> answer;
  answer.set_result(7);
  bool called = false;
  answer.add_done_callback([&called] { called = true; });
  EXPECT_FALSE(called);
  co_await hocket::sleep({});
  EXPECT_TRUE(called);
}

HOCKET_TEST(future, reports_an_exception_that_nobody_looked_at_once) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  {
    const hocket::future<int> answer;
    answer.set_exception(std::runtime_error("broken"));
  }
  EXPECT_EQ(told, 1);
  hocket::loop::running().set_exception_handler({});
  co_return;
}

HOCKET_TEST(future, reports_nothing_if_somebody_looked) {
  int told = 0;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  {
    const hocket::future<int> answer;
    answer.set_exception(std::runtime_error("broken"));
    EXPECT_THROW(static_cast<void>(answer.result()), std::runtime_error);
  }
  EXPECT_EQ(told, 0);
  hocket::loop::running().set_exception_handler({});
  co_return;
}

HOCKET_TEST(future, that_is_dropped_pending_frees_its_callbacks) {
  auto token = std::make_shared<int>();
  {
    const hocket::future<int> answer;
    answer.add_done_callback([token] {});
  }
  EXPECT_EQ(token.use_count(), 1);
  co_return;
}

HOCKET_TEST(future, shows_its_exception) {
  const hocket::future<int> good;
  const hocket::future<int> bad;
  const hocket::future<int> gone;
  EXPECT_THROW(static_cast<void>(good.exception()), hocket::invalid_state_error);
  good.set_result(7);
  bad.set_exception(std::runtime_error("broken"));
  gone.cancel();
  EXPECT_FALSE(good.exception());
  EXPECT_THROW(std::rethrow_exception(bad.exception()), std::runtime_error);
  EXPECT_THROW(static_cast<void>(gone.exception()), hocket::cancelled);
  co_return;
}

HOCKET_TEST(future, that_is_dropped_pending_survives_a_callback_whose_end_cancels_another) {
  struct cancels_at_its_end {
    std::shared_ptr<hocket::handle> other;
    explicit cancels_at_its_end(std::shared_ptr<hocket::handle> other) : other(std::move(other)) {}
    cancels_at_its_end(cancels_at_its_end&&) noexcept = default;
    ~cancels_at_its_end() {
      if (other) other->cancel();
    }
    void operator()() const {}
  };
  const auto token = std::make_shared<int>(1);
  {
    const hocket::future<int> answer;
    const auto second = std::make_shared<hocket::handle>();
    answer.add_done_callback(cancels_at_its_end(second));
    *second = answer.add_done_callback([token] {});
    answer.add_done_callback([token] {});
  }
  EXPECT_EQ(token.use_count(), 1);
  co_return;
}

TEST(future, that_is_dropped_pending_frees_its_callbacks_though_its_loop_is_gone) {
  const auto token = std::make_shared<int>(1);
  std::optional<hocket::future<int>> answer;
  const auto main = [&]() -> hocket::coro<void> {
    answer.emplace();
    answer->add_done_callback([token] {});
    co_return;
  };
  hocket::run(main());
  answer.reset();
  EXPECT_EQ(token.use_count(), 1);
}

HOCKET_TEST(future, gives_itself_to_a_callback_that_asks_for_it) {
  int value = 0;
  const hocket::future<int> answer;
  answer.add_done_callback([&value](const hocket::future<int>& ended) { value = ended.result(); });
  answer.set_result(7);
  co_await hocket::sleep(0s);
  EXPECT_EQ(value, 7);
}

HOCKET_TEST(future, gives_itself_to_a_callback_though_its_handles_are_gone) {
  int value = 0;
  auto note = [&value](hocket::future<int> ended) { value += ended.result(); };
  {
    const hocket::future<int> before;
    before.add_done_callback(note);
    before.set_result(7);
    const hocket::future<int> after;
    after.set_result(8);
    after.add_done_callback(note);
  }
  co_await hocket::sleep(0s);
  EXPECT_EQ(value, 15);
}

HOCKET_TEST(future, that_is_dropped_pending_frees_callbacks_that_ask_for_it) {
  auto token = std::make_shared<int>();
  {
    const hocket::future<int> answer;
    answer.add_done_callback([token](const hocket::future<int>&) {});
  }
  EXPECT_EQ(token.use_count(), 1);
  co_return;
}

HOCKET_TEST(future, does_not_call_back_what_was_taken_back_after_it_was_scheduled) {
  std::string trace;
  const hocket::future<int> answer;
  auto first = answer.add_done_callback([&trace] { trace += 'a'; });
  auto second = answer.add_done_callback([&trace](const hocket::future<int>&) { trace += 'b'; });
  answer.add_done_callback([&trace] { trace += 'c'; });
  answer.set_result(7);
  first.cancel();
  second.cancel();
  co_await hocket::sleep(0s);
  EXPECT_EQ(trace, "c");
}

HOCKET_TEST(future, reports_what_a_callback_throws_and_calls_the_next) {
  int told = 0;
  bool called = false;
  hocket::loop::running().set_exception_handler([&told](const hocket::exception_context&) { ++told; });
  const hocket::future<int> answer;
  answer.add_done_callback([](const hocket::future<int>&) { throw std::runtime_error("broken"); });
  answer.add_done_callback([&called] { called = true; });
  answer.set_result(7);
  co_await hocket::sleep(0s);
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(called);
  hocket::loop::running().set_exception_handler({});
}

}  // namespace
