#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/context_var.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/green/section.hpp>
#include <hocket/green/sleep.hpp>
#include <hocket/green/spawn.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

coro<std::string> greet(std::string whom) {
  co_await hocket::sleep(1s);
  co_return "hello " + whom;
}

coro<int> fail() {
  co_await hocket::sleep(1s);
  throw std::runtime_error("no");
}

coro<void> note(std::vector<int>& order, int what) {
  order.push_back(what);
  co_return;
}

HOCKET_TEST(green_thread, waits_for_coroutines_and_gives_its_value) {
  const auto begin = loop::running().time();
  auto whole = green::spawn([] { return green::wait(greet("you")) + "!"; });
  EXPECT_EQ(co_await whole, "hello you!");
  EXPECT_EQ(loop::running().time() - begin, 1s);
}

HOCKET_TEST(green_thread, begins_in_the_next_turn_as_a_task_does) {
  std::vector<int> order;
  auto first = green::spawn([&] { order.push_back(1); });
  auto second = create_task(note(order, 2));
  order.push_back(0);
  co_await hocket::gather(first, second);
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

HOCKET_TEST(green_thread, many_take_turns) {
  std::vector<int> order;
  auto work = [&order](int first) {
    return [&order, first] {
      for (int n = 0; n < 3; ++n) {
        order.push_back(first + n);
        green::sleep();
      }
    };
  };
  co_await hocket::gather(green::spawn(work(0)), green::spawn(work(10)));
  EXPECT_EQ(order, (std::vector{0, 10, 1, 11, 2, 12}));
}

HOCKET_TEST(green_thread, throws_what_it_waits_for_and_passes_on_what_it_throws) {
  auto fails = green::spawn([] {
    try {
      green::wait(fail());
    } catch (const std::runtime_error& caught) {
      green::sleep(1s);  // within the handler
      throw std::logic_error(std::string("because: ") + caught.what());
    }
  });
  try {
    co_await fails;
    ADD_FAILURE() << "it did not throw";
  } catch (const std::logic_error& caught) {
    EXPECT_STREQ(caught.what(), "because: no");
  }
}

HOCKET_TEST(green_thread, handlers_of_many_do_not_mix_their_exceptions) {
  std::vector<std::string> seen;
  const auto work = [&seen](std::string name, hocket::duration length) {
    return [&seen, name, length] {
      try {
        throw std::runtime_error(name);
      } catch (const std::runtime_error&) {
        green::sleep(length);
        try {
          throw;
        } catch (const std::runtime_error& again) {
          seen.push_back(name + again.what());
        }
      }
    };
  };
  co_await hocket::gather(green::spawn(work("a", 3s)), green::spawn(work("b", 1s)), green::spawn(work("c", 2s)));
  EXPECT_EQ(seen, (std::vector<std::string>{"bb", "cc", "aa"}));
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

HOCKET_TEST(green_thread, is_cancelled_where_it_waits) {
  std::string told;
  auto waits = green::spawn([&told] {
    try {
      green::sleep(1h);
    } catch (const hocket::cancelled&) {
      told = "cancelled";
      green::sleep(1s);  // cleaning up may wait
      told += ", cleaned up";
      throw;
    }
  });
  co_await wait_all_tasks_blocked();
  waits.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waits));
  EXPECT_EQ(told, "cancelled, cleaned up");
}

HOCKET_TEST(green_thread, cancelled_before_it_begins_runs_nothing_and_takes_no_stack) {
  bool ran = false;
  const auto before = green::stacks_here().in_use;
  auto never = green::spawn([&ran] { ran = true; });
  never.cancel();
  EXPECT_TRUE(co_await ends_cancelled(never));
  EXPECT_FALSE(ran);
  EXPECT_EQ(green::stacks_here().in_use, before);
}

HOCKET_TEST(green_thread, has_a_limit_of_time_around_any_part_of_it) {
  auto limited = green::spawn([] {
    std::string told;
    try {
      green::with_timeout(1s, [&told] {
        told = "began";
        green::sleep(1h);
        told = "ended";
      });
    } catch (const hocket::timeout_error&) {
      told += ", timed out";
    }
    return told + std::to_string(green::with_timeout(1s, [] { return 7; }));
  });
  EXPECT_EQ(co_await limited, "began, timed out7");
}

HOCKET_TEST(green_thread, limits_nest_and_the_outer_one_wins_when_it_is_shorter) {
  auto limited = green::spawn([] {
    try {
      green::with_timeout(1s, [] {
        try {
          green::with_timeout(1h, [] { green::sleep(2h); });
        } catch (const hocket::timeout_error&) {
          ADD_FAILURE() << "the inner one is longer";
        }
      });
      return false;
    } catch (const hocket::timeout_error&) {
      return true;
    }
  });
  EXPECT_TRUE(co_await limited);
}

HOCKET_TEST(green_thread, runs_within_a_cancel_scope) {
  hocket::cancel_scope scope;
  auto scoped = green::spawn([&scope] {
    green::with_scope(scope, [] { green::sleep(1h); });
    return green::wait(greet("after"));
  });
  co_await wait_all_tasks_blocked();
  scope.cancel();
  EXPECT_EQ(co_await scoped, "hello after");
  EXPECT_TRUE(scope.cancelled_caught());
}

HOCKET_TEST(green_thread, is_a_member_of_a_group_like_any_task) {
  bool cleaned_up = false;
  const auto failing = [&cleaned_up](hocket::task_group& group) -> coro<void> {
    group.create_task(green::run([&cleaned_up] {
      struct guard {
        bool& to;
        ~guard() { to = true; }
      } const at_the_end{cleaned_up};
      green::sleep(1h);
    }));
    group.create_task(green::run([] { green::wait(fail()); }));
    co_return;
  };
  EXPECT_THROW(co_await hocket::with_task_group(failing), hocket::exception_group);
  EXPECT_TRUE(cleaned_up);
}

HOCKET_TEST(green_thread, talks_to_coroutines_through_a_queue) {
  hocket::queue<int> numbers(2);
  auto sum = green::spawn([&numbers] {
    int total = 0;
    for (int next = green::wait(numbers.get()); next != 0; next = green::wait(numbers.get())) total += next;
    return total;
  });
  for (int n = 10; n >= 0; --n) co_await numbers.put(n);
  EXPECT_EQ(co_await sum, 55);
}

HOCKET_TEST(green_thread, awaits_another_green_thread) {
  auto outer = green::spawn([] {
    auto inner = green::spawn([] { return std::make_unique<int>(42); });
    return *green::wait(std::move(inner));
  });
  EXPECT_EQ(co_await outer, 42);
}

HOCKET_TEST(green_thread, begins_later_if_asked) {
  const auto begin = loop::running().time();
  auto later = green::spawn_later(5s, [] { return loop::running().time(); });
  EXPECT_EQ(co_await later - begin, 5s);
}

HOCKET_TEST(green_thread, has_the_name_and_the_context_of_its_task) {
  static hocket::context_var<int> depth("depth");
  depth.set(3);
  auto named = green::spawn([] { return std::string(hocket::current_task().name()) + std::to_string(depth.get()); },
                            {.name = "walker"});
  depth.set(4);
  EXPECT_EQ(co_await named, "walker3");
}

HOCKET_TEST(green_thread, to_wait_outside_of_one_is_an_error) {
  EXPECT_FALSE(green::is_green());
  try {
    green::sleep(1s);
    ADD_FAILURE() << "it waited";
  } catch (const hocket::invalid_state_error& told) {
    EXPECT_STREQ(told.what(), "green::wait was called outside of a green thread: make one by green::spawn");
  }
  co_return;
}

HOCKET_TEST(green_thread, coroutines_that_run_for_one_are_not_green) {
  auto asks = green::spawn([] {
    return green::wait([]() -> coro<bool> {
      co_await hocket::sleep(1s);
      co_return green::is_green();
    }());
  });
  EXPECT_FALSE(co_await asks);
}

HOCKET_TEST(green_thread, tasks_begun_eagerly_on_its_stack_are_not_green) {
  auto asks = green::spawn([] {
    bool is_green = true;
    const auto look = [](bool& answer) -> coro<void> {
      answer = green::is_green();
      co_return;
    };
    auto eager = create_task(look(is_green), {.eager_start = true});
    return is_green;
  });
  EXPECT_FALSE(co_await asks);
}

HOCKET_TEST(green_thread, sends_and_receives) {
  auto listening = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  const std::uint16_t port = listening.local_address().port();
  auto server = green::spawn([&listening] {
    auto peer = green::wait(listening.accept());
    while (const auto piece = green::wait(peer.receive())) green::wait(peer.send_all(piece.text()));
  });
  auto client = green::spawn([port] {
    auto socket = green::wait(hocket::connect_tcp("127.0.0.1", port));
    green::wait(socket.send_all("over and back"));
    std::string heard;
    while (heard.size() < 13) heard += green::wait(socket.receive()).text();
    return heard;
  });
  EXPECT_EQ(co_await client, "over and back");
  co_await server;
}

coro<void> busy_scenario() {
  hocket::queue<int> numbers(1);
  auto gives = green::run([&numbers] {
    for (int n = 0; n < 3; ++n) green::wait(numbers.put(n));
  });
  auto takes = green::run([&numbers] {
    for (int n = 0; n < 3; ++n) green::with_timeout(1h, [&numbers] { return green::wait(numbers.get()); });
    green::sleep(1s);
  });
  co_await hocket::gather(std::move(gives), std::move(takes));
}

TEST(green_thread, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend())
    for (const auto how : {hocket::testing::cancel_by::task, hocket::testing::cancel_by::scope}) {
      const auto report = hocket::testing::cancel_at_every_suspension(&busy_scenario, {.backend = backend}, how);
      EXPECT_GT(report.cancelled, 5U);
      EXPECT_TRUE(report.none()) << report.to_string();
      EXPECT_EQ(green::stacks_here().in_use, 0U);
    }
}

}  // namespace
