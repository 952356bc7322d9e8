#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::task_group;
using hocket::with_task_group;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

hocket::coro<void> fail_after_a_while(hocket::duration delay, const char* why) {
  co_await hocket::sleep(delay);
  throw std::runtime_error(why);
}

/// What the errors of a group say, in order; "no group" if `error` is none.
std::vector<std::string> errors_of(const std::exception_ptr& error) {
  std::vector<std::string> texts;
  try {
    std::rethrow_exception(error);
  } catch (const hocket::exception_group& group) {
    for (const auto& each : group.errors()) {
      try {
        std::rethrow_exception(each);
      } catch (const std::exception& known) {
        texts.emplace_back(known.what());
      }
    }
  } catch (...) {
    texts.emplace_back("no group");
  }
  return texts;
}

using texts = std::vector<std::string>;

HOCKET_TEST(task_group, waits_for_its_children) {
  int ended = 0;
  auto child = [&ended](int seconds) -> hocket::coro<void> {
    co_await hocket::sleep(std::chrono::seconds(seconds));
    ++ended;
  };
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    for (int n = 1; n <= 3; ++n) group.create_task(child(n));
    co_return;
  });
  EXPECT_EQ(ended, 3);
  EXPECT_EQ(now() - begin, 3s);
}

HOCKET_TEST(task_group, without_children_ends_with_its_body) {
  const auto turn = hocket::loop::running().counters().turns;
  co_await with_task_group([](task_group&) -> hocket::coro<void> { co_return; });
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(task_group, gives_handles_on_the_results_of_its_children) {
  auto seven = []() -> hocket::coro<int> { co_return 7; };
  hocket::task<int> child;
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    child = group.create_task(seven());
    co_return;
  });
  EXPECT_EQ(child.result(), 7);
}

HOCKET_TEST(task_group, knows_how_many_children_have_not_ended) {
  std::vector<std::size_t> sizes;
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(hocket::sleep(1s));
    group.create_task(hocket::sleep(3s));
    sizes.push_back(group.size());
    co_await hocket::sleep(2s);
    sizes.push_back(group.size());
  });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 1}));
}

HOCKET_TEST(task_group, takes_children_while_it_waits_for_others) {
  bool ran = false;
  auto late = [&ran]() -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ran = true;
  };
  auto early = [&](task_group& group) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    group.create_task(late());
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(early(group));
    co_return;
  });
  EXPECT_TRUE(ran);
}

// ---- errors

HOCKET_TEST(task_group, cancels_the_others_when_a_child_fails) {
  hocket::task<void> other;
  const auto begin = now();
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    other = group.create_task(hocket::sleep(1h));
    group.create_task(fail_after_a_while(1s, "broken"));
    co_return;
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
  EXPECT_TRUE(other.was_cancelled());
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(task_group, cancels_its_body_when_a_child_fails) {
  bool cancelled = false;
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(fail_after_a_while(1s, "broken"));
    cancelled = !(co_await hocket::as_result(hocket::sleep(1h))).has_value();
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
  EXPECT_TRUE(cancelled);
}

HOCKET_TEST(task_group, cancels_its_children_when_its_body_fails) {
  hocket::task<void> child;
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    child = group.create_task(hocket::sleep(1h));
    co_await fail_after_a_while(1s, "broken");
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
  EXPECT_TRUE(child.was_cancelled());
}

HOCKET_TEST(task_group, throws_all_errors_together_in_the_order_in_which_they_happened) {
  auto fail_when_cancelled = [](const char* why) -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    throw std::runtime_error(why);
  };
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(fail_when_cancelled("second"));
    group.create_task(fail_when_cancelled("third"));
    group.create_task(fail_after_a_while(1s, "first"));
    co_return;
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"first", "second", "third"}));
}

HOCKET_TEST(task_group, never_puts_a_cancellation_among_its_errors) {
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    for (int n = 0; n < 3; ++n) group.create_task(hocket::sleep(1h));
    group.create_task(fail_after_a_while(1s, "broken"));
    co_await hocket::sleep(1h);
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
}

HOCKET_TEST(task_group, hears_of_a_failure_before_whoever_awaits_the_child) {
  std::string trace;
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    auto child = group.create_task(fail_after_a_while(1s, "broken"));
    try {
      co_await child;
    } catch (const hocket::cancelled&) {
      trace = "cancelled";
      throw;
    } catch (const std::runtime_error&) {
      trace = "failed";
      throw;
    }
  }));
  EXPECT_EQ(trace, "cancelled");
  EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
}

HOCKET_TEST(task_group, is_not_disturbed_by_a_child_that_is_cancelled) {
  bool other_ended = false;
  auto other = [&other_ended]() -> hocket::coro<void> {
    co_await hocket::sleep(2s);
    other_ended = true;
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    auto victim = group.create_task(hocket::sleep(1h));
    group.create_task(other());
    co_await hocket::sleep(1s);
    victim.cancel();
  });
  EXPECT_TRUE(other_ended);
}

HOCKET_TEST(task_group, refuses_children_while_it_is_being_cancelled) {
  bool refused = false;
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(fail_after_a_while(1s, "broken"));
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    try {
      group.create_task(hocket::sleep(1s));
    } catch (const hocket::invalid_state_error&) {
      refused = true;
    }
  }));
  EXPECT_TRUE(refused);
}

HOCKET_TEST(task_group, describes_its_errors) {
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(fail_after_a_while(1s, "broken"));
    group.create_task(fail_after_a_while(1s, "torn"));
    co_return;
  }));
  std::string text;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const hocket::error& error) {
    text = error.what();
  }
  EXPECT_EQ(text, "2 tasks failed: broken; torn");
}

HOCKET_TEST(task_group, inside_another_passes_its_errors_on_as_one) {
  const auto outcome = co_await hocket::as_result(with_task_group([](task_group& outer) -> hocket::coro<void> {
    outer.create_task(hocket::sleep(1h));
    co_await with_task_group([](task_group& inner) -> hocket::coro<void> {
      inner.create_task(fail_after_a_while(1s, "broken"));
      co_return;
    });
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"a task failed: broken"}));
}

// ---- cancellation

HOCKET_TEST(task_group, cancels_its_children_when_the_task_is_cancelled_and_waits_for_them) {
  std::string trace;
  auto child = [&trace]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(1s);
    trace += "cleaned up";
    std::rethrow_exception(outcome.error());
  };
  auto work = hocket::create_task(with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_await hocket::sleep(1h);
  }));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_EQ(trace, "cleaned up");
}

HOCKET_TEST(task_group, cancels_its_children_when_the_task_is_cancelled_while_it_waits_for_them) {
  hocket::task<void> child;
  auto work = hocket::create_task(with_task_group([&](task_group& group) -> hocket::coro<void> {
    child = group.create_task(hocket::sleep(1h));
    co_return;
  }));
  co_await wait_all_tasks_blocked();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_TRUE(child.was_cancelled());
}

HOCKET_TEST(task_group, is_deaf_while_its_cancelled_children_clean_up_and_the_request_stays_pending) {
  std::string trace;
  auto child = [&trace]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(hocket::sleep(1h));
    co_await hocket::sleep(1s);
    trace += "cleaned up";
    std::rethrow_exception(outcome.error());
  };
  auto body = [&]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
      group.create_task(child());
      co_await fail_after_a_while(1s, "broken");
    }));
    EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
    if (!(co_await hocket::as_result(hocket::sleep(1h))).has_value()) trace += ", then cancelled";
  };
  auto work = hocket::create_task(body());
  co_await hocket::sleep(1500ms);
  work.cancel();
  co_await work;
  EXPECT_EQ(trace, "cleaned up, then cancelled");
}

HOCKET_TEST(task_group, leaves_a_displaced_cancellation_pending_when_it_throws_errors) {
  std::string trace;
  auto fail_when_cancelled = []() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    throw std::runtime_error("broken");
  };
  auto body = [&]() -> hocket::coro<void> {
    const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
      group.create_task(fail_when_cancelled());
      co_await hocket::sleep(1h);
    }));
    EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
    if (!(co_await hocket::as_result(hocket::sleep(1h))).has_value()) trace += "cancelled";
  };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  work.cancel();
  co_await work;
  EXPECT_EQ(trace, "cancelled");
}

HOCKET_TEST(task_group, does_not_revive_a_cancellation_that_was_swallowed_before_it_began) {
  bool slept = false;
  auto body = [&slept]() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    static_cast<void>(co_await hocket::as_result(
        with_task_group([](task_group&) -> hocket::coro<void> { co_await fail_after_a_while(1s, "broken"); })));
    co_await hocket::sleep(1s);
    slept = true;
  };
  auto work = hocket::create_task(body());
  co_await wait_all_tasks_blocked();
  work.cancel();
  co_await work;
  EXPECT_TRUE(slept);
}

HOCKET_TEST(task_group, throws_a_cancellation_that_arrives_in_the_turn_in_which_the_last_child_ended) {
  hocket::task<void> child;
  auto work = hocket::create_task(with_task_group([&](task_group& group) -> hocket::coro<void> {
    child = group.create_task(hocket::sleep(1s));
    co_return;
  }));
  co_await wait_all_tasks_blocked();
  child.add_done_callback([&work] { work.cancel(); });  // stands behind the group's own
  EXPECT_TRUE(co_await ends_cancelled(work));
  EXPECT_FALSE(child.was_cancelled());
}

HOCKET_TEST(task_group, ends_early_without_an_error_when_it_is_cancelled_itself) {
  hocket::task<void> child;
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    child = group.create_task(hocket::sleep(1h));
    hocket::loop::running().call_later(1s, [&group] { group.cancel(); });
    co_await hocket::sleep(1h);
  });
  EXPECT_TRUE(child.was_cancelled());
  EXPECT_EQ(now() - begin, 1s);
  EXPECT_EQ(hocket::current_task().cancelling(), 0U);
}

HOCKET_TEST(task_group, can_be_cancelled_by_a_child) {
  const auto begin = now();
  auto child = [](task_group& group) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    group.cancel();
  };
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(child(group));
    group.create_task(hocket::sleep(1h));
    co_return;
  });
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(task_group, may_be_cancelled_again) {
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(hocket::sleep(1h));
    group.cancel();
    group.cancel();
    co_await hocket::sleep(1h);
  });
  EXPECT_EQ(hocket::current_task().cancelling(), 0U);
}

HOCKET_TEST(task_group, is_cancelled_while_it_waits_for_its_children) {
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(hocket::sleep(1h));
    hocket::loop::running().call_later(1s, [&group] { group.cancel(); });
    co_return;
  });
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(task_group, that_was_cancelled_takes_no_children) {
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.cancel();
    EXPECT_THROW(group.create_task(hocket::sleep(1s)), hocket::invalid_state_error);
    co_return;
  });
}

HOCKET_TEST(task_group, that_was_cancelled_still_throws_the_errors_of_who_cleans_up) {
  auto child = []() -> hocket::coro<void> {
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    throw std::runtime_error("broken");
  };
  const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(child());
    co_await hocket::sleep(1s);
    group.cancel();
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"broken"}));
}

HOCKET_TEST(task_group, that_was_cancelled_passes_a_cancellation_from_outside_on) {
  auto body = [](task_group& group) -> hocket::coro<void> {
    group.create_task(hocket::sleep(1h));
    co_await hocket::sleep(1h);
  };
  task_group* inner = nullptr;
  auto outer = [&](task_group& group) -> hocket::coro<void> {
    inner = &group;
    co_await body(group);
  };
  auto work = hocket::create_task(with_task_group(outer));
  co_await wait_all_tasks_blocked();
  inner->cancel();
  work.cancel();
  EXPECT_TRUE(co_await ends_cancelled(work));
}

HOCKET_TEST(task_group, whose_body_swallows_its_cancellation_ends_as_well) {
  const auto begin = now();
  co_await with_task_group([&](task_group& group) -> hocket::coro<void> {
    group.create_task(hocket::sleep(1h));
    group.cancel();
    static_cast<void>(co_await hocket::as_result(hocket::sleep(1h)));
    co_await hocket::sleep(1s);
  });
  EXPECT_EQ(now() - begin, 1s);
}

HOCKET_TEST(task_group, times_out_as_a_whole) {
  hocket::task<void> child;
  const auto outcome =
      co_await hocket::as_result(hocket::with_timeout(5s, with_task_group([&](task_group& group) -> hocket::coro<void> {
                                                        child = group.create_task(hocket::sleep(1h));
                                                        co_return;
                                                      })));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  EXPECT_TRUE(child.was_cancelled());
}

HOCKET_TEST(task_group, whose_child_times_out_is_cancelled_by_that_error_only) {
  const auto outcome = co_await hocket::as_result(with_task_group([](task_group& group) -> hocket::coro<void> {
    group.create_task(hocket::with_timeout(1s, hocket::sleep(1h)));
    co_await hocket::sleep(1h);
  }));
  EXPECT_EQ(errors_of(outcome.error()), (texts{"timed out"}));
}

TEST(task_group, ends_with_all_its_children_when_cancelled_at_any_suspension) {
  int alive = 0;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> hocket::coro<void> {
    struct counted {
      explicit counted(int& count) : count(++count) {}
      ~counted() { --count; }
      counted(const counted&) = delete;
      int& count;
    };
    auto child = [&](int seconds) -> hocket::coro<void> {
      const counted one(alive);
      co_await hocket::sleep(std::chrono::seconds(seconds));
      co_await with_task_group([](task_group& inner) -> hocket::coro<void> {
        inner.create_task(hocket::sleep(1s));
        co_return;
      });
    };
    const auto outcome = co_await hocket::as_result(with_task_group([&](task_group& group) -> hocket::coro<void> {
      for (int n = 1; n <= 3; ++n) group.create_task(child(n));
      co_await hocket::sleep(2s);
    }));
    EXPECT_EQ(alive, 0);
    if (!outcome) std::rethrow_exception(outcome.error());
  });
  EXPECT_GE(report.runs, 12U);
  EXPECT_EQ(report.cancelled + 1, report.runs);
  EXPECT_EQ(report.leaked_blocks, 0U);
}

}  // namespace
