#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/job_scheduler.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::invalid_state_error;
using hocket::job;
using hocket::job_scheduler;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

coro<int> answer_in(hocket::delay length) {
  co_await hocket::sleep(length);
  co_return 42;
}

coro<void> fail_in(hocket::delay length) {
  co_await hocket::sleep(length);
  throw std::runtime_error("broken");
}

coro<void> swallow_cancellation_for(hocket::delay length) {
  static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
  co_await hocket::sleep(length);
}

template <class Error, class Awaitable>
coro<bool> throws(Awaitable work) {
  try {
    co_await std::move(work);
  } catch (const Error&) {
    co_return true;
  }
  co_return false;
}

template <class T>
coro<T> wait_for_end_of(job<T> work) {
  co_return co_await work;
}

HOCKET_TEST(job_scheduler, gives_the_result_of_a_job_to_who_waits) {
  job_scheduler jobs;
  const job<int> work = co_await jobs.spawn(answer_in(1s));
  EXPECT_TRUE(work.active());
  EXPECT_EQ(co_await work, 42);
  EXPECT_TRUE(work.closed());
  EXPECT_EQ(co_await work.wait(), 42);
}

HOCKET_TEST(job_scheduler, gives_a_result_that_can_only_be_moved) {
  job_scheduler jobs;
  const auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  const auto work = co_await jobs.spawn(make());
  EXPECT_EQ(*co_await work.wait(), 7);
}

HOCKET_TEST(job_scheduler, throws_what_a_job_throws_at_who_waits) {
  job_scheduler jobs;
  const job<void> work = co_await jobs.spawn(fail_in(1s));
  EXPECT_TRUE(co_await throws<std::runtime_error>(work.wait()));
}

HOCKET_TEST(job_scheduler, runs_no_more_jobs_at_once_than_its_limit) {
  job_scheduler jobs({.limit = 3});
  std::size_t at_once = 0;
  std::size_t most = 0;
  const auto work = [&]() -> coro<void> {
    most = std::max(most, ++at_once);
    co_await hocket::sleep(1s);
    --at_once;
  };
  for (int n = 0; n < 10; ++n) co_await jobs.spawn(work());
  EXPECT_EQ(jobs.active_count(), 3U);
  EXPECT_EQ(jobs.pending_count(), 7U);
  EXPECT_EQ(jobs.size(), 10U);
  co_await jobs.wait_and_close();
  EXPECT_EQ(most, 3U);
  EXPECT_EQ(jobs.size(), 0U);
}

HOCKET_TEST(job_scheduler, begins_jobs_in_the_order_in_which_they_were_spawned) {
  job_scheduler jobs({.limit = 2});
  std::vector<int> order;
  const auto work = [&order](int n) -> coro<void> {
    order.push_back(n);
    co_await hocket::sleep(1s);
  };
  for (int n = 0; n < 6; ++n) co_await jobs.spawn(work(n));
  co_await jobs.wait_and_close();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5}));
}

HOCKET_TEST(job_scheduler, holds_up_who_spawns_more_than_may_be_in_line) {
  job_scheduler jobs({.limit = 1, .pending_limit = 2});
  int spawned = 0;
  const auto spawn_all = [&]() -> coro<void> {
    for (; spawned < 6; ++spawned) co_await jobs.spawn(hocket::sleep(1s));
  };
  auto spawning = create_task(spawn_all());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(spawned, 3);
  EXPECT_EQ(jobs.pending_count(), 2U);
  co_await hocket::sleep(1500ms);
  EXPECT_EQ(spawned, 4);
  co_await spawning;
  co_await jobs.wait_and_close();
}

HOCKET_TEST(job_scheduler, never_begins_a_job_whose_spawning_was_cancelled) {
  job_scheduler jobs({.limit = 1, .pending_limit = 1});
  bool began = false;
  const auto note = [&began]() -> coro<void> {
    began = true;
    co_return;
  };
  const auto spawn_it = [&]() -> coro<void> { co_await jobs.spawn(note()); };
  co_await jobs.spawn(hocket::sleep(1s));
  co_await jobs.spawn(hocket::sleep(1s));
  auto spawning = create_task(spawn_it());
  co_await wait_all_tasks_blocked();
  spawning.cancel();
  EXPECT_TRUE(co_await ends_cancelled(spawning));
  co_await jobs.wait_and_close();
  EXPECT_FALSE(began);
}

HOCKET_TEST(job_scheduler, does_not_cancel_a_job_with_who_waits_for_it) {
  job_scheduler jobs;
  const job<int> work = co_await jobs.spawn(answer_in(1s));
  auto waiting = create_task(wait_for_end_of(work));
  co_await wait_all_tasks_blocked();
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  EXPECT_EQ(co_await work, 42);
}

HOCKET_TEST(job_scheduler, closes_a_job_that_is_not_waited_for_any_longer) {
  job_scheduler jobs;
  const job<int> work = co_await jobs.spawn(answer_in(1h));
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(work.wait(1s)));
  EXPECT_TRUE(work.closed());
}

HOCKET_TEST(job_scheduler, closes_a_job_by_cancelling_it) {
  job_scheduler jobs;
  const job<int> work = co_await jobs.spawn(answer_in(1h));
  co_await work.close();
  EXPECT_TRUE(work.closed());
  EXPECT_EQ(jobs.size(), 0U);
  co_await work.close();
}

HOCKET_TEST(job_scheduler, never_begins_a_job_that_is_closed_in_line) {
  job_scheduler jobs({.limit = 1});
  bool began = false;
  const auto note = [&began]() -> coro<void> {
    began = true;
    co_return;
  };
  co_await jobs.spawn(hocket::sleep(1s));
  const job<void> work = co_await jobs.spawn(note());
  EXPECT_TRUE(work.pending());
  co_await work.close();
  EXPECT_EQ(jobs.pending_count(), 0U);
  co_await jobs.wait_and_close();
  EXPECT_FALSE(began);
}

HOCKET_TEST(job_scheduler, throws_when_a_job_does_not_end_in_time_though_it_is_closed) {
  job_scheduler jobs({.close_timeout = 1s});
  const job<void> work = co_await jobs.spawn(swallow_cancellation_for(1min));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(work.close()));
  EXPECT_FALSE(work.closed());
  co_await work;
}

HOCKET_TEST(job_scheduler, reports_a_job_that_fails_while_nobody_waits_for_it) {
  std::vector<std::string> reports;
  job_scheduler jobs({.exception_handler = [&reports](const hocket::exception_context& problem) {
    reports.push_back(problem.message);
  }});
  co_await jobs.spawn(fail_in(1s), "courier");
  co_await jobs.wait_and_close();
  EXPECT_EQ(reports, std::vector<std::string>{"a job failed: task 'courier'"});
}

HOCKET_TEST(job_scheduler, does_not_report_a_job_that_somebody_waits_for) {
  int reports = 0;
  job_scheduler jobs({.exception_handler = [&reports](const hocket::exception_context&) { ++reports; }});
  const job<void> work = co_await jobs.spawn(fail_in(1s));
  EXPECT_TRUE(co_await throws<std::runtime_error>(work.wait()));
  co_await jobs.close();
  EXPECT_EQ(reports, 0);
}

HOCKET_TEST(job_scheduler, reports_to_the_loop_unless_it_is_told_where) {
  int reports = 0;
  hocket::loop::running().set_exception_handler([&reports](const hocket::exception_context&) { ++reports; });
  job_scheduler jobs;
  co_await jobs.spawn(fail_in(1s));
  co_await jobs.wait_and_close();
  EXPECT_EQ(reports, 1);
}

HOCKET_TEST(job_scheduler, cancels_every_job_and_waits_for_them_when_it_is_closed) {
  job_scheduler jobs({.limit = 2});
  int cleaned_up = 0;
  const auto work = [&cleaned_up]() -> coro<void> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      ++cleaned_up;
      throw;
    }
  };
  for (int n = 0; n < 5; ++n) co_await jobs.spawn(work());
  co_await wait_all_tasks_blocked();
  co_await jobs.close();
  EXPECT_TRUE(jobs.closed());
  EXPECT_EQ(jobs.size(), 0U);
  EXPECT_EQ(cleaned_up, 2);  // those in line never began
}

HOCKET_TEST(job_scheduler, reports_who_does_not_end_in_time_when_it_is_closed) {
  std::vector<std::string> reports;
  job_scheduler jobs({.close_timeout = 1s, .exception_handler = [&reports](const hocket::exception_context& problem) {
                        reports.push_back(problem.message);
                      }});
  const job<void> stubborn = co_await jobs.spawn(swallow_cancellation_for(1min), "stubborn");
  co_await jobs.spawn(hocket::sleep(1h));
  co_await wait_all_tasks_blocked();
  const auto begin = hocket::loop::running().time();
  co_await jobs.close();
  EXPECT_EQ(hocket::loop::running().time() - begin, 1s);
  EXPECT_EQ(reports,
            std::vector<std::string>{"a job did not end in time when its scheduler was closed: task 'stubborn'"});
  co_await stubborn;
}

HOCKET_TEST(job_scheduler, takes_no_jobs_once_it_is_closed) {
  job_scheduler jobs;
  co_await jobs.close();
  EXPECT_TRUE(co_await throws<invalid_state_error>(jobs.spawn(answer_in(1s))));
  EXPECT_TRUE(co_await throws<invalid_state_error>(jobs.shield(answer_in(1s))));
}

HOCKET_TEST(job_scheduler, refuses_who_waits_to_spawn_when_it_is_closed) {
  job_scheduler jobs({.limit = 1, .pending_limit = 1});
  co_await jobs.spawn(hocket::sleep(1h));
  co_await jobs.spawn(hocket::sleep(1h));
  auto one = create_task(throws<invalid_state_error>(jobs.spawn(answer_in(1s))));
  auto other = create_task(throws<invalid_state_error>(jobs.spawn(answer_in(1s))));
  co_await wait_all_tasks_blocked();
  co_await jobs.close();
  EXPECT_TRUE(co_await one);
  EXPECT_TRUE(co_await other);
}

HOCKET_TEST(job_scheduler, may_be_closed_by_one_of_its_jobs) {
  job_scheduler jobs;
  const auto close_all = [&jobs]() -> coro<void> { co_await jobs.close(); };
  const job<void> other = co_await jobs.spawn(hocket::sleep(1h));
  const job<void> closing = co_await jobs.spawn(close_all());
  co_await closing;
  EXPECT_TRUE(other.closed());
}

HOCKET_TEST(job_scheduler, waits_for_jobs_that_jobs_spawn_before_it_closes) {
  job_scheduler jobs;
  bool ran = false;
  const auto note = [&ran]() -> coro<void> {
    co_await hocket::sleep(1s);
    ran = true;
  };
  const auto spawn_another = [&]() -> coro<void> {
    co_await hocket::sleep(1s);
    co_await jobs.spawn(note());
  };
  co_await jobs.spawn(spawn_another());
  co_await jobs.wait_and_close();
  EXPECT_TRUE(ran);
}

HOCKET_TEST(job_scheduler, waits_no_longer_than_it_is_told_before_it_closes) {
  job_scheduler jobs({.wait_timeout = 10s});
  const job<void> slow = co_await jobs.spawn(hocket::sleep(1h));
  const auto begin = hocket::loop::running().time();
  co_await jobs.wait_and_close();
  EXPECT_EQ(hocket::loop::running().time() - begin, 10s);
  EXPECT_TRUE(slow.closed());
}

HOCKET_TEST(job_scheduler, cancels_its_jobs_when_who_waits_for_them_is_cancelled) {
  job_scheduler jobs;
  const job<void> slow = co_await jobs.spawn(hocket::sleep(1h));
  auto closing = create_task(jobs.wait_and_close());
  co_await wait_all_tasks_blocked();
  closing.cancel();
  EXPECT_TRUE(co_await ends_cancelled(closing));
  co_await hocket::sleep(0s);
  EXPECT_TRUE(slow.closed());
}

HOCKET_TEST(job_scheduler, shields_work_and_waits_for_it_at_the_end) {
  job_scheduler jobs({.limit = 1});
  co_await jobs.spawn(hocket::sleep(1s));  // limits do not matter
  bool ended = false;
  const auto work = [&ended]() -> coro<int> {
    co_await hocket::sleep(5s);
    ended = true;
    co_return 42;
  };
  auto waiting = create_task(jobs.shield(work()));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(jobs.size(), 2U);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  EXPECT_FALSE(ended);
  co_await jobs.wait_and_close();
  EXPECT_TRUE(ended);
}

HOCKET_TEST(job_scheduler, gives_what_shielded_work_gives) {
  job_scheduler jobs;
  EXPECT_EQ(co_await jobs.shield(answer_in(1s)), 42);
}

HOCKET_TEST(job_scheduler, cancels_its_jobs_when_it_is_dropped) {
  std::optional<job<void>> slow;
  {
    job_scheduler jobs;
    slow = co_await jobs.spawn(hocket::sleep(1h));
  }
  co_await hocket::sleep(0s);
  EXPECT_TRUE(slow->closed());
}

HOCKET_TEST(job_scheduler, needs_a_limit_that_lets_something_run) {
  EXPECT_THROW(job_scheduler({.limit = 0}), std::invalid_argument);
  co_return;
}

HOCKET_TEST(with_job_scheduler, waits_for_the_jobs_at_its_end) {
  bool ended = false;
  const auto work = [&ended]() -> coro<void> {
    co_await hocket::sleep(1s);
    ended = true;
  };
  co_await hocket::with_job_scheduler({}, [&](job_scheduler& jobs) -> coro<void> { co_await jobs.spawn(work()); });
  EXPECT_TRUE(ended);
}

HOCKET_TEST(with_job_scheduler, closes_the_jobs_when_its_body_throws) {
  std::optional<job<void>> slow;
  const auto body = [&slow](job_scheduler& jobs) -> coro<void> {
    slow = co_await jobs.spawn(hocket::sleep(1h));
    throw std::runtime_error("broken");
  };
  EXPECT_TRUE(co_await throws<std::runtime_error>(hocket::with_job_scheduler({}, body)));
  EXPECT_TRUE(slow->closed());
}

}  // namespace
