#include <stdexcept>
#include <string>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::coro<void> note(std::string& trace, char what) {
  co_await hocket::sleep(1s);
  trace += what;
}

hocket::coro<void> fail(const char* why) {
  throw std::runtime_error(why);
  co_return;
}

HOCKET_TEST(finally, runs_the_cleanup_after_the_body) {
  std::string trace;
  co_await hocket::finally(note(trace, 'b'), note(trace, 'c'));
  EXPECT_EQ(trace, "bc");
}

HOCKET_TEST(finally, gives_the_value_of_the_body) {
  std::string trace;
  auto seven = []() -> hocket::coro<int> { co_return 7; };
  EXPECT_EQ(co_await hocket::finally(seven(), note(trace, 'c')), 7);
}

HOCKET_TEST(finally, runs_the_cleanup_when_the_body_throws_and_throws_it_then) {
  std::string trace;
  const auto outcome = co_await hocket::as_result(hocket::finally(fail("broken"), note(trace, 'c')));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
  EXPECT_EQ(trace, "c");
}

HOCKET_TEST(finally, throws_the_exception_of_the_cleanup_in_place_of_the_bodys) {
  const auto outcome = co_await hocket::as_result(hocket::finally(fail("body"), fail("cleanup")));
  std::string why;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  EXPECT_EQ(why, "cleanup");
}

HOCKET_TEST(finally, runs_the_whole_cleanup_when_the_body_is_cancelled) {
  std::string trace;
  auto work = hocket::create_task(hocket::finally(hocket::sleep(1h), note(trace, 'c')));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "c");
}

HOCKET_TEST(finally, shields_the_cleanup_from_another_cancellation) {
  std::string trace;
  auto work = hocket::create_task(hocket::finally(hocket::sleep(1h), note(trace, 'c')));
  for (int n = 0; n < 3; ++n) {
    co_await wait_all_tasks_blocked();
    work.cancel();
  }
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "c");
}

HOCKET_TEST(finally, is_not_run_for_a_task_that_never_began) {
  std::string trace;
  auto work = hocket::create_task(hocket::finally(hocket::sleep(1h), note(trace, 'c')));
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "");
}

TEST(finally, cleans_up_once_at_whatever_suspension_it_is_cancelled) {
  int begun = 0;
  int cleaned = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    auto body = [&]() -> hocket::coro<void> {
      ++begun;
      for (int n = 0; n < 3; ++n) co_await hocket::sleep(1s);
    };
    auto cleanup = [&]() -> hocket::coro<void> {
      for (int n = 0; n < 2; ++n) co_await hocket::sleep(1s);
      ++cleaned;
    };
    co_await hocket::finally(body, cleanup);
  });
  EXPECT_GE(report.runs, 5U);
  EXPECT_EQ(cleaned, begun);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
