#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/aclosing.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/ends_cancelled.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::async_generator;

namespace {

using lines = std::vector<std::string>;

/// Yields a number a second. Notes how it ends; when it is closed, that takes it another second.
async_generator<int> ticks(lines& log, std::string name = "ticks", int count = 1000) {
  std::exception_ptr ended;
  try {
    for (int n = 0; n < count; ++n) {
      co_await hocket::sleep(1s);
      co_yield n;
    }
    log.push_back(name + " is through");
  } catch (const hocket::generator_exit&) {
    log.push_back(name + " is being closed");
    ended = std::current_exception();
  } catch (const hocket::cancelled&) {
    log.push_back(name + " is cancelled");
    throw;
  }
  if (!ended) co_return;
  co_await hocket::sleep(1s);
  log.push_back(name + " is closed");
  std::rethrow_exception(ended);
}

async_generator<int> doubled(async_generator<int> source, lines& log) {
  try {
    while (auto n = co_await source.next()) co_yield 2 * *n;
  } catch (const hocket::generator_exit&) {
    log.push_back("doubled is being closed");
    throw;
  }
}

async_generator<int> first_of(async_generator<int> source, int count) {
  for (; count > 0; --count) co_yield (co_await source.next()).value();
}

async_generator<int, std::string> listener(lines& heard) {
  for (int n = 0;; ++n) heard.push_back(co_yield n);
}

hocket::coro<std::vector<int>> all_of(async_generator<int> source) {
  std::vector<int> items;
  while (auto n = co_await source.next()) items.push_back(*n);
  co_return items;
}

HOCKET_TEST(async_generator, gives_its_values_in_order_and_then_none_for_ever) {
  lines log;
  auto source = ticks(log, "ticks", 2);
  EXPECT_EQ(co_await source.next(), 0);
  EXPECT_EQ(co_await source.next(), 1);
  EXPECT_EQ(co_await source.next(), std::nullopt);
  EXPECT_EQ(co_await source.next(), std::nullopt);
}

HOCKET_TEST(async_generator, runs_only_while_somebody_awaits_its_next_value) {
  lines log;
  auto source = ticks(log);
  co_await source.next();
  const auto before = hocket::loop::running().time();
  co_await hocket::sleep(10s);
  co_await source.next();
  EXPECT_EQ(hocket::loop::running().time() - before, 11s);
}

HOCKET_TEST(async_generator, passes_values_without_the_scheduler) {
  bool callback_ran = false;
  auto source = []() -> async_generator<int> {
    for (int n = 0; n < 3; ++n) co_yield n;
  }();
  hocket::loop::running().call_soon([&] { callback_ran = true; });
  while (co_await source.next()) continue;
  EXPECT_FALSE(callback_ran);
  co_await hocket::sleep(0s);
}

HOCKET_TEST(async_generator, moves_what_can_only_be_moved) {
  auto source = []() -> async_generator<std::unique_ptr<int>> { co_yield std::make_unique<int>(5); }();
  EXPECT_EQ(**(co_await source.next()), 5);
}

HOCKET_TEST(async_generator, gives_what_is_sent_as_the_value_of_its_yield) {
  lines heard;
  auto source = listener(heard);
  EXPECT_EQ(co_await source.next(), 0);
  EXPECT_EQ(co_await source.send("one"), 1);
  EXPECT_EQ(co_await source.next(), 2);
  EXPECT_EQ(heard, (lines{"one", ""}));
}

HOCKET_TEST(async_generator, refuses_a_value_before_its_first_yield) {
  lines heard;
  auto source = listener(heard);
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::invalid_state_error>(source.send("early")));
  EXPECT_EQ(co_await source.next(), 0);
}

HOCKET_TEST(async_generator, may_catch_what_is_raised_and_go_on) {
  auto source = []() -> async_generator<std::string> {
    for (std::string answer = "ready";;) {
      try {
        co_yield std::move(answer);
      } catch (const std::exception& error) {
        answer = error.what();
      }
    }
  }();
  co_await source.next();
  EXPECT_EQ(co_await source.raise(std::runtime_error("a stone")), "a stone");
}

HOCKET_TEST(async_generator, ends_with_what_is_raised_and_not_caught) {
  lines log;
  auto source = ticks(log);
  co_await source.next();
  EXPECT_TRUE(co_await hocket::testing::throws<std::runtime_error>(source.raise(std::runtime_error("a stone"))));
  EXPECT_EQ(co_await source.next(), std::nullopt);
}

HOCKET_TEST(async_generator, throws_what_is_raised_before_its_beginning_and_after_its_end) {
  lines log;
  auto source = ticks(log);
  EXPECT_TRUE(co_await hocket::testing::throws<std::runtime_error>(source.raise(std::runtime_error("a stone"))));
  EXPECT_TRUE(source.ended());
  EXPECT_TRUE(co_await hocket::testing::throws<std::logic_error>(source.raise(std::logic_error("another"))));
  EXPECT_TRUE(log.empty());
}

HOCKET_TEST(async_generator, throws_what_its_body_throws_once) {
  auto source = []() -> async_generator<int> {
    co_yield 1;
    throw std::out_of_range("broken");
  }();
  co_await source.next();
  EXPECT_TRUE(co_await hocket::testing::throws<std::out_of_range>(source.next()));
  EXPECT_EQ(co_await source.next(), std::nullopt);
}

HOCKET_TEST(async_generator, refuses_a_second_step_while_one_is_under_way) {
  lines log;
  auto source = ticks(log);
  auto first = hocket::create_task(source.next());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::invalid_state_error>(source.next()));
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::invalid_state_error>(source.close()));
  EXPECT_EQ(co_await first, 0);
}

HOCKET_TEST(async_generator, is_cancelled_where_it_waits_with_the_task_that_runs_it) {
  lines log;
  auto source = ticks(log);
  auto consumer = hocket::create_task(source.next());
  co_await hocket::testing::wait_all_tasks_blocked();
  consumer.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(consumer));
  EXPECT_EQ(log, lines{"ticks is cancelled"});
  EXPECT_TRUE(source.ended());
}

HOCKET_TEST(async_generator, can_be_given_a_time_limit_for_a_step) {
  lines log;
  auto source = ticks(log);
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::timeout_error>(hocket::wait_for(source.next(), 500ms)));
}

// ---- its end

HOCKET_TEST(closing, waits_for_what_the_generator_does_about_it) {
  lines log;
  auto source = ticks(log);
  co_await source.next();
  co_await source.close();
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
  EXPECT_TRUE(source.ended());
}

HOCKET_TEST(closing, before_the_beginning_runs_nothing) {
  lines log;
  auto source = ticks(log);
  co_await source.close();
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(co_await source.next(), std::nullopt);
}

HOCKET_TEST(closing, before_the_beginning_closes_an_argument_that_has_begun) {
  lines log;
  auto begun = ticks(log);
  co_await begun.next();
  auto source = doubled(doubled(std::move(begun), log), log);
  co_await source.close();
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(closing, throws_what_the_generator_throws_then) {
  auto source = []() -> async_generator<int> {
    try {
      co_yield 1;
    } catch (const hocket::generator_exit&) {
      throw std::out_of_range("while closing");
    }
  }();
  co_await source.next();
  EXPECT_TRUE(co_await hocket::testing::throws<std::out_of_range>(source.close()));
}

HOCKET_TEST(closing, of_one_that_yields_once_more_is_an_error_and_its_end) {
  auto source = []() -> async_generator<int> {
    for (int n = 0;; ++n) {
      try {
        co_yield n;
      } catch (const hocket::generator_exit&) {
      }
    }
  }();
  co_await source.next();
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::invalid_state_error>(source.close()));
  EXPECT_EQ(co_await source.next(), std::nullopt);
}

HOCKET_TEST(closing, of_one_that_yields_once_more_closes_its_arguments_all_the_same) {
  lines log;
  auto stubborn = [](async_generator<int> from) -> async_generator<int> {
    co_await from.next();
    for (int n = 0;; ++n) {
      try {
        co_yield n;
      } catch (const hocket::generator_exit&) {
      }
    }
  }(ticks(log));
  co_await stubborn.next();
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::invalid_state_error>(stubborn.close()));
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

async_generator<int> passes_on(async_generator<int> source) {
  while (auto n = co_await source.next()) co_yield *n;
}

HOCKET_TEST(closing, takes_no_stack_however_many_stages_there_are) {
  lines log;
  const int stages = 5'000;  // their frames are destroyed one inside of the other, and that does take some
  auto resting = ticks(log);
  auto unstarted = ticks(log);
  for (int n = 0; n < stages; ++n) {
    resting = passes_on(std::move(resting));
    unstarted = passes_on(std::move(unstarted));
  }
  co_await resting.next();
  co_await resting.close();
  co_await unstarted.close();
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(closing, leaves_alone_what_a_view_shows) {
  lines log;
  std::vector<async_generator<int>> kept;
  kept.push_back(ticks(log));
  auto source = [](std::span<async_generator<int>> shown) -> async_generator<int> {
    co_yield (co_await shown.front().next()).value();
  }(kept);
  EXPECT_EQ(co_await source.next(), 0);
  EXPECT_EQ(co_await source.next(), std::nullopt);
  EXPECT_EQ(co_await kept.front().next(), 1);
}

HOCKET_TEST(closing, goes_from_the_last_stage_to_the_first) {
  lines log;
  auto source = doubled(doubled(ticks(log), log), log);
  co_await source.next();
  co_await source.close();
  EXPECT_EQ(log,
            (lines{"doubled is being closed", "doubled is being closed", "ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(closing, comes_by_itself_when_a_stage_ends_before_its_source) {
  lines log;
  EXPECT_EQ(co_await all_of(first_of(doubled(ticks(log), log), 2)), (std::vector{0, 2}));
  EXPECT_EQ(log, (lines{"doubled is being closed", "ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(closing, comes_by_itself_when_a_stage_throws) {
  lines log;
  auto source = [](async_generator<int> from) -> async_generator<int> {
    co_await from.next();
    throw std::runtime_error("broken");
    co_yield 0;
  }(ticks(log));
  EXPECT_TRUE(co_await hocket::testing::throws<std::runtime_error>(source.next()));
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(closing, goes_through_all_arguments_in_order) {
  lines log;
  std::vector<async_generator<int>> more;
  more.push_back(ticks(log, "b"));
  more.push_back(ticks(log, "c"));
  auto source = [](async_generator<int> first, std::vector<async_generator<int>> more) -> async_generator<int> {
    co_yield (co_await first.next()).value();
    for (auto& each : more) co_yield (co_await each.next()).value();
  }(ticks(log, "a"), std::move(more));
  for (int n = 0; n < 3; ++n) co_await source.next();
  co_await source.close();
  EXPECT_EQ(log, (lines{"a is being closed", "a is closed", "b is being closed", "b is closed", "c is being closed",
                        "c is closed"}));
}

HOCKET_TEST(closing, leaves_alone_what_was_only_lent) {
  lines log;
  auto lent = ticks(log);
  auto source = [](async_generator<int>& from) -> async_generator<int> {
    co_yield (co_await from.next()).value();
  }(lent);
  EXPECT_EQ(co_await source.next(), 0);
  EXPECT_EQ(co_await source.next(), std::nullopt);
  EXPECT_EQ(co_await lent.next(), 1);
}

HOCKET_TEST(closing, does_not_stop_at_an_argument_that_throws) {
  lines log;
  auto stubborn = []() -> async_generator<int> {
    try {
      co_yield 1;
    } catch (const hocket::generator_exit&) {
      throw std::out_of_range("while closing");
    }
  };
  auto source = [](async_generator<int> first, async_generator<int> second) -> async_generator<int> {
    co_yield (co_await first.next()).value();
    co_yield (co_await second.next()).value();
  }(stubborn(), ticks(log));
  co_await source.next();
  co_await source.next();
  EXPECT_TRUE(co_await hocket::testing::throws<std::out_of_range>(source.close()));
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(closing, may_be_shielded_from_a_cancelled_scope_as_anything_else) {
  lines log;
  auto source = [](lines& log) -> async_generator<int> {
    try {
      co_yield 1;
    } catch (const hocket::generator_exit&) {
      log.push_back("closing");
    }
    co_await hocket::finally(hocket::sleep(0s), hocket::sleep(5s));
    log.push_back("closed");
  }(log);
  co_await source.next();
  hocket::cancel_scope scope;
  scope.cancel();
  auto body = [&]() -> hocket::coro<void> { co_await source.close(); };
  co_await scope.run(body);
  EXPECT_EQ(log.front(), "closing");
  EXPECT_TRUE(source.ended());
}

HOCKET_TEST(closing, of_a_generator_that_was_dropped_at_rest_is_left_out) {
  lines log;
  {
    auto source = doubled(ticks(log), log);
    co_await source.next();
  }
  EXPECT_TRUE(log.empty());
}

HOCKET_TEST(aclosing, closes_when_its_body_has_left_early) {
  lines log;
  const int seen = co_await hocket::aclosing(ticks(log), [](async_generator<int>& source) -> hocket::coro<int> {
    while (auto n = co_await source.next())
      if (*n == 2) co_return *n;
    co_return -1;
  });
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

HOCKET_TEST(aclosing, closes_when_its_body_throws) {
  lines log;
  EXPECT_TRUE(co_await hocket::testing::throws<std::runtime_error>(
      hocket::aclosing(ticks(log), [](async_generator<int>& source) -> hocket::coro<void> {
        co_await source.next();
        throw std::runtime_error("broken");
      })));
  EXPECT_EQ(log, (lines{"ticks is being closed", "ticks is closed"}));
}

TEST(the_end_of_run, closes_generators_that_are_still_alive) {
  lines log;
  std::optional<async_generator<int>> kept;
  const auto main = [&]() -> hocket::coro<void> {
    kept = doubled(ticks(log), log);
    co_await kept->next();
  };
  hocket::testing::virtual_clock clock;
  hocket::run(main(), {.clock = &clock});
  EXPECT_EQ(log, (lines{"doubled is being closed", "ticks is being closed", "ticks is closed"}));
  EXPECT_TRUE(kept->ended());
}

TEST(the_end_of_run, reports_a_generator_that_fails_while_it_is_closed) {
  std::optional<async_generator<int>> kept;
  std::vector<std::string> reports;
  const auto main = [&]() -> hocket::coro<void> {
    hocket::loop::running().set_exception_handler(
        [&](const hocket::exception_context& context) { reports.push_back(context.message); });
    kept = []() -> async_generator<int> {
      try {
        co_yield 1;
      } catch (const hocket::generator_exit&) {
        throw std::out_of_range("while closing");
      }
    }();
    co_await kept->next();
  };
  hocket::run(main());
  EXPECT_EQ(reports, (lines{"an async generator failed while it was closed at the end of run"}));
}

}  // namespace
