#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::task_group;
using hocket::task_status;
using hocket::with_task_group;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

hocket::coro<void> start_with(task_status<int>& status, int value) {
  co_await hocket::sleep(1s);
  status.started(value);
  co_await hocket::sleep(1s);
}

hocket::coro<void> fail_before(task_status<int>& status, std::string why) {
  co_await hocket::sleep(1s);
  if (!why.empty()) throw std::runtime_error(why);
  status.started(1);
}

hocket::coro<void> never_start(task_status<void>&) { co_await hocket::sleep(1h); }

/// The text of the only error in a group, "" if `outcome` has none, or what else it is.
template <class Outcome>
std::string only_error(const Outcome& outcome) {
  if (outcome) return "";
  try {
    std::rethrow_exception(outcome.error());
  } catch (const hocket::exception_group& group) {
    std::string text;
    group.visit<std::exception>([&](const std::exception& each) { text += each.what(); });
    return "group: " + text;
  } catch (const std::exception& known) {
    return known.what();
  } catch (const hocket::cancelled&) {
    return "cancelled";
  }
}

HOCKET_TEST(start, gives_what_the_child_starts_with_while_the_child_goes_on) {
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    EXPECT_EQ(co_await group.start<int>(start_with, 7), 7);
    EXPECT_EQ(now() - begin, 1s);
    EXPECT_EQ(group.size(), 1U);
  });
  EXPECT_EQ(now() - begin, 2s);
}

HOCKET_TEST(start, may_come_without_a_value) {
  bool ready = false;
  auto child = [&](task_status<void>& status) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ready = true;
    status.started();
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    co_await group.start(child);
    EXPECT_TRUE(ready);
  });
}

HOCKET_TEST(start, gives_values_that_can_only_be_moved) {
  auto child = [](task_status<std::unique_ptr<int>>& status) -> hocket::coro<void> {
    status.started(std::make_unique<int>(7));
    co_return;
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    EXPECT_EQ(*co_await group.start<std::unique_ptr<int>>(child), 7);
  });
}

HOCKET_TEST(start, moves_what_it_is_given_to_the_child) {
  std::string seen;
  auto child = [](task_status<void>& status, std::unique_ptr<std::string> mine,
                  std::string& seen) -> hocket::coro<void> {
    status.started();
    co_await hocket::sleep(1s);
    seen = *mine;
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    co_await group.start(child, std::make_unique<std::string>("mine"), std::ref(seen));
  });
  EXPECT_EQ(seen, "mine");
}

HOCKET_TEST(start, keeps_a_callable_that_captures_alive_as_long_as_the_child) {
  std::string seen;
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    co_await group.start(
        [&seen, text = std::string("a text that is not small")](task_status<void>& status) -> hocket::coro<void> {
          status.started();
          co_await hocket::sleep(1s);
          seen = text;
        });
  });
  EXPECT_EQ(seen, "a text that is not small");
}

// ---- errors

HOCKET_TEST(start, throws_an_error_that_comes_before_it_and_keeps_it_out_of_the_group) {
  hocket::task<void> sibling;
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    sibling = group.create_task(hocket::sleep(5s));
    EXPECT_EQ(only_error(co_await hocket::as_result(group.start<int>(fail_before, std::string("broken")))), "broken");
    EXPECT_EQ(group.size(), 1U);
  });
  EXPECT_FALSE(sibling.was_cancelled());
}

HOCKET_TEST(start, throws_if_the_child_ends_without_it) {
  auto child = [](task_status<void>&) -> hocket::coro<void> { co_await hocket::sleep(1s); };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(group.start(child));
    EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::invalid_state_error);
  });
}

HOCKET_TEST(start, leaves_an_error_that_comes_after_it_to_the_group) {
  auto child = [](task_status<void>& status) -> hocket::coro<void> {
    status.started();
    co_await hocket::sleep(1s);
    throw std::runtime_error("broken");
  };
  bool body_cancelled = false;
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    co_await group.start(child);
    body_cancelled = !(co_await hocket::as_result(hocket::sleep(1h))).has_value();
  }));
  EXPECT_TRUE(body_cancelled);
  EXPECT_EQ(only_error(outcome), "group: broken");
}

HOCKET_TEST(start, leaves_an_error_of_the_turn_in_which_it_came_to_the_group) {
  auto child = [](task_status<int>& status) -> hocket::coro<void> {
    status.started(7);
    throw std::runtime_error("broken");
    co_return;
  };
  int value = 0;
  const auto outcome = co_await hocket::as_result(
      with_task_group([&](task_group& group) -> hocket::coro<void> { value = co_await group.start<int>(child); }));
  EXPECT_EQ(value, 7);
  EXPECT_EQ(only_error(outcome), "group: broken");
}

HOCKET_TEST(start, is_told_once_only) {
  bool refused = false;
  auto child = [&](task_status<void>& status) -> hocket::coro<void> {
    status.started();
    try {
      status.started();
    } catch (const hocket::invalid_state_error&) {
      refused = true;
    }
    co_return;
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> { co_await group.start(child); });
  EXPECT_TRUE(refused);
}

HOCKET_TEST(start, is_refused_once_the_group_is_being_cancelled) {
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.cancel();
    const auto outcome = co_await hocket::as_result(group.start(never_start));
    EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::invalid_state_error);
  });
}

// ---- cancellation

HOCKET_TEST(start, that_is_cancelled_cancels_the_child_and_waits_for_its_end) {
  bool cleaned_up = false;
  auto child = [&](task_status<void>&) -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(2s);
    cleaned_up = true;
    std::rethrow_exception(outcome.error());
  };
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    EXPECT_EQ(only_error(co_await hocket::as_result(hocket::with_timeout(1s, group.start(child)))), "timed out");
    EXPECT_TRUE(cleaned_up);
    EXPECT_EQ(now() - begin, 3s);
    EXPECT_EQ(group.size(), 0U);
  });
}

HOCKET_TEST(start, that_is_cancelled_before_the_childs_first_step_never_runs_it) {
  bool ran = false;
  auto child = [&](task_status<void>& status) -> hocket::coro<void> {
    ran = true;
    status.started();
    co_return;
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    auto starter = hocket::create_task(group.start(child));
    hocket::loop::running().call_soon([&] { starter.cancel(); });  // it waits, and the child has not begun
    EXPECT_TRUE(co_await ends_cancelled(starter));
  });
  EXPECT_FALSE(ran);
}

HOCKET_TEST(start, comes_too_late_for_a_starter_that_is_cancelled) {
  auto child = [](task_status<int>& status) -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    status.started(7);
    co_await hocket::sleep(2s);
  };
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    auto starter = hocket::create_task(group.start<int>(child));
    co_await wait_all_tasks_blocked();
    starter.cancel();
    EXPECT_TRUE(co_await ends_cancelled(starter));
    EXPECT_EQ(now() - begin, 2s);
  });
}

HOCKET_TEST(start, that_is_cancelled_throws_the_error_of_the_child_and_the_cancellation_stays) {
  auto child = [](task_status<int>&) -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    throw std::runtime_error("broken");
  };
  std::string error;
  auto start = [&](task_group& group) -> hocket::coro<void> {
    error = only_error(co_await hocket::as_result(group.start<int>(child)));
    co_await hocket::sleep(1s);
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    auto starter = hocket::create_task(start(group));
    co_await wait_all_tasks_blocked();
    starter.cancel();
    EXPECT_TRUE(co_await ends_cancelled(starter));
  });
  EXPECT_EQ(error, "broken");
}

HOCKET_TEST(start, that_is_cancelled_after_it_came_gives_its_value_and_the_cancellation_stays) {
  hocket::task<void> starter;
  int value = 0;
  auto child = [&](task_status<int>& status) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    status.started(7);
    starter.cancel();
    co_await hocket::sleep(1s);
  };
  auto start = [&](task_group& group) -> hocket::coro<void> {
    value = co_await group.start<int>(child);
    co_await hocket::sleep(1h);
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    starter = hocket::create_task(start(group));
    EXPECT_TRUE(co_await ends_cancelled(starter));
    EXPECT_EQ(group.size(), 1U);
  });
  EXPECT_EQ(value, 7);
}

HOCKET_TEST(start, ends_with_its_group) {
  const auto begin = now();
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    auto fail = []() -> hocket::coro<void> {
      co_await hocket::sleep(1s);
      throw std::runtime_error("broken");
    };
    group.create_task([](auto body) -> hocket::coro<void> { co_await body(); }(fail));
    co_await group.start(never_start);
  }));
  EXPECT_EQ(only_error(outcome), "group: broken");
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(start, throws_cancelled_outside_of_the_group_when_that_is_cancelled) {
  hocket::task<void> outside;
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    outside = hocket::create_task(group.start(never_start));
    co_await wait_all_tasks_blocked();
    group.cancel();
  });
  EXPECT_TRUE(co_await ends_cancelled(outside));
}

HOCKET_TEST(start, is_given_up_when_a_scope_around_it_is_cancelled) {
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    EXPECT_FALSE(co_await hocket::move_on_after(1s, group.start(never_start)));
    EXPECT_EQ(group.size(), 0U);
  });
}

TEST(start, leaves_nothing_behind_when_cancelled_at_any_suspension) {
  int alive = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    auto child = [&alive](task_status<int>& status, int value) -> hocket::coro<void> {
      struct counted {
        explicit counted(int& count) : count(++count) {}
        ~counted() { --count; }
        counted(const counted&) = delete;
        int& count;
      } const me(alive);
      const auto outcome = co_await hocket::as_result(hocket::sleep(1s));
      if (outcome) {
        status.started(value);
        static_cast<void>(co_await hocket::as_result(hocket::sleep(1s)));
      }
      co_await hocket::sleep(1s);
    };
    const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
      EXPECT_EQ(co_await group.start<int>(child, 7), 7);
      EXPECT_EQ(co_await group.start<int>(child, 8), 8);
    }));
    EXPECT_EQ(alive, 0);
    if (!outcome) std::rethrow_exception(outcome.error());
  });
  EXPECT_GE(report.runs, 8U);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
