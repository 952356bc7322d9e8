#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;

/// Writes down what it is told of the tasks that are not the test's.
class recorder final : public hocket::instrument {
 public:
  recorder() { hocket::loop::running().add_instrument(*this); }
  ~recorder() { hocket::loop::running().remove_instrument(*this); }
  recorder(const recorder&) = delete;

  void task_created(hocket::task_base& task) override { note("created", task); }
  void before_task_step(hocket::task_base& task) override { note("before", task); }
  void after_task_step(hocket::task_base& task) override { note("after", task); }
  void task_ended(hocket::task_base& task) override { note("ended", task); }
  void before_io_wait(std::optional<std::chrono::nanoseconds>) override { ++waits_begun; }
  void after_io_wait(std::optional<std::chrono::nanoseconds>) override { ++waits_ended; }

  std::vector<std::string> events;
  int waits_begun = 0;
  int waits_ended = 0;

 private:
  void note(const char* what, hocket::task_base& task) {
    if (task.name() != "main") events.push_back(std::string(what) + " " + std::string(task.name()));
  }
};

using events = std::vector<std::string>;

hocket::coro<void> nap() { co_await hocket::sleep(1s); }
hocket::coro<void> nothing() { co_return; }

}  // namespace

HOCKET_TEST(instrument, is_told_of_a_task_from_its_making_to_its_end) {
  recorder told;
  co_await hocket::create_task(nap(), {.name = "t"});
  EXPECT_EQ(told.events, (events{"created t", "before t", "after t", "before t", "ended t", "after t"}));
}

HOCKET_TEST(instrument, is_told_of_an_eager_task_inside_of_its_maker) {
  recorder told;
  static_cast<void>(hocket::create_task(nothing(), {.name = "t", .eager_start = true}));
  EXPECT_EQ(told.events, (events{"created t", "before t", "ended t", "after t"}));
  co_return;
}

HOCKET_TEST(instrument, is_told_of_each_coroutine_of_a_gather) {
  recorder told;
  co_await hocket::gather(nap(), nap());
  EXPECT_EQ(told.events.size(), 12U);
}

HOCKET_TEST(instrument, is_told_of_the_step_of_a_task_that_is_cancelled_before_it_begins) {
  recorder told;
  auto never = hocket::create_task(nothing(), {.name = "t"});
  never.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(never));
  EXPECT_EQ(told.events, (events{"created t", "before t", "ended t", "after t"}));
}

HOCKET_TEST(instrument, is_told_when_the_loop_waits_for_the_system) {
  recorder told;
  co_await hocket::sleep(1s);
  EXPECT_GT(told.waits_begun, 0);
  EXPECT_EQ(told.waits_begun, told.waits_ended);
}

HOCKET_TEST(instrument, that_was_removed_is_told_nothing) {
  recorder told;
  hocket::loop::running().remove_instrument(told);
  co_await hocket::create_task(nap(), {.name = "t"});
  EXPECT_TRUE(told.events.empty());
}

HOCKET_TEST(instrument, may_remove_itself_in_a_hook) {
  struct once final : hocket::instrument {
    void task_created(hocket::task_base& task) override {
      ++calls;
      task.owner().remove_instrument(*this);
    }
    int calls = 0;
  } told;
  hocket::loop::running().add_instrument(told);
  co_await hocket::create_task(nap());
  co_await hocket::create_task(nap());
  EXPECT_EQ(told.calls, 1);
}

HOCKET_TEST(instrument, that_throws_is_reported_and_removed_and_the_others_stay) {
  struct thrower final : hocket::instrument {
    void task_created(hocket::task_base&) override {
      ++calls;
      throw std::runtime_error("no room");
    }
    int calls = 0;
  } broken;
  std::vector<std::string> reports;
  hocket::loop& loop = hocket::loop::running();
  loop.set_exception_handler([&](const hocket::exception_context& report) { reports.push_back(report.message); });
  loop.add_instrument(broken);
  recorder told;
  co_await hocket::create_task(nap(), {.name = "t"});
  co_await hocket::create_task(nap(), {.name = "t"});
  EXPECT_EQ(broken.calls, 1);
  EXPECT_EQ(reports, (std::vector<std::string>{"an instrument threw and was removed"}));
  EXPECT_EQ(told.events.size(), 12U);
  loop.set_exception_handler({});
}

namespace {

/// Which tasks are scheduled, and when they go on.
class scheduling final : public hocket::instrument {
 public:
  scheduling() { hocket::loop::running().add_instrument(*this); }
  ~scheduling() { hocket::loop::running().remove_instrument(*this); }
  scheduling(const scheduling&) = delete;

  void task_scheduled(hocket::task_base& task) override { note("scheduled", task); }
  void before_task_step(hocket::task_base& task) override { note("before", task); }

  std::vector<std::string> events;

 private:
  void note(const char* what, hocket::task_base& task) {
    if (task.name() != "main") events.push_back(std::string(what) + " " + std::string(task.name()));
  }
};

}  // namespace

HOCKET_TEST(instrument, is_told_when_a_task_is_scheduled_by_another_one_or_by_a_timer) {
  scheduling told;
  co_await hocket::create_task(nap(), {.name = "t"});
  EXPECT_EQ(told.events, (events{"scheduled t", "before t", "scheduled t", "before t"}));
}

HOCKET_TEST(task, counts_its_steps_and_knows_when_it_began_and_went_on) {
  const auto begun = hocket::loop::running().time();
  auto napping = hocket::create_task(nap());
  co_await hocket::sleep(500ms);
  hocket::task_base& record = *napping.record();
  EXPECT_EQ(record.steps(), 1U);
  EXPECT_EQ(record.made_when(), begun);
  co_await napping;
  EXPECT_EQ(record.steps(), 2U);
  EXPECT_EQ(record.made_when(), begun);
  EXPECT_EQ(record.last_step(), begun + 1s);
  EXPECT_EQ(record.time_spent(), 0s);
}

HOCKET_TEST(task, knows_how_long_its_steps_took_if_somebody_is_told_of_them) {
  scheduling told;
  auto working = hocket::create_task([]() -> hocket::coro<void> {
    const auto end = std::chrono::steady_clock::now() + 2ms;
    while (std::chrono::steady_clock::now() < end) {
    }
    co_return;
  }());
  co_await working;
  EXPECT_GE(working.record()->time_spent(), 2ms);
}
