// What gevent's users expect of its names.

#include <chrono>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/gather.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

auto sleeper(hocket::duration length) {
  return [length] { green::sleep(length); };
}

HOCKET_TEST(green_joinall, waits_for_all_and_throws_nothing_of_theirs) {
  const auto begin = loop::running().time();
  co_await green::spawn([] {
    std::vector<hocket::task<>> all{green::spawn(sleeper(1s)), green::spawn(sleeper(3s)),
                                    green::spawn([] { throw std::runtime_error("mine"); })};
    green::joinall(all);
    EXPECT_THROW(all[2].result(), std::runtime_error);
  });
  EXPECT_EQ(loop::running().time() - begin, 3s);
}

HOCKET_TEST(green_joinall, with_a_limit_leaves_those_that_go_on) {
  co_await green::spawn([] {
    std::vector<hocket::task<>> all{green::spawn(sleeper(1s)), green::spawn(sleeper(3s))};
    EXPECT_FALSE(green::joinall(all, 2s));
    EXPECT_TRUE(all[0].done());
    EXPECT_FALSE(all[1].done());
    EXPECT_TRUE(green::joinall(all, 2s));
  });
}

HOCKET_TEST(green_killall, cancels_and_waits_for_the_end_of_all) {
  bool cleaned_up = false;
  co_await green::spawn([&cleaned_up] {
    std::vector<hocket::task<>> all{green::spawn(sleeper(1h)), green::spawn([&cleaned_up] {
                                      try {
                                        green::sleep(1h);
                                      } catch (const hocket::cancelled&) {
                                        green::sleep(1s);
                                        cleaned_up = true;
                                        throw;
                                      }
                                    })};
    green::sleep();
    green::killall(all);
    EXPECT_TRUE(all[0].was_cancelled());
    EXPECT_TRUE(all[1].was_cancelled());
  });
  EXPECT_TRUE(cleaned_up);
}

HOCKET_TEST(green_event, wakes_all_who_wait_and_tells_who_waited_too_long) {
  green::event happened;
  std::vector<int> woken;
  auto first = green::spawn([&] {
    happened.wait();
    woken.push_back(1);
  });
  auto second = green::spawn([&] {
    EXPECT_FALSE(happened.wait(1s));
    EXPECT_TRUE(happened.wait(5s));
    woken.push_back(2);
  });
  co_await hocket::sleep(2s);
  happened.set();
  co_await hocket::gather(first, second);
  EXPECT_EQ(woken.size(), 2U);
}

HOCKET_TEST(green_queue, hands_items_over_and_holds_back_who_puts_too_many) {
  green::queue<int> items(1);
  std::string told;
  auto putting = green::spawn([&] {
    for (int n = 1; n <= 3; ++n) items.put(n);
    told += "put ";
  });
  auto getting = green::spawn([&] {
    green::sleep(1s);
    for (int n = 1; n <= 3; ++n) told += std::to_string(items.get()) + " ";
    EXPECT_EQ(items.get(1s), std::nullopt);
  });
  co_await hocket::gather(putting, getting);
  EXPECT_EQ(told, "1 2 put 3 ");  // one waits in the queue, so the last is put when the second is taken
}

HOCKET_TEST(green_queue, is_shared_with_coroutines) {
  green::queue<std::unique_ptr<int>> items;
  auto getting = green::spawn([&items] { return *items.get(); });
  co_await items.shared().put(std::make_unique<int>(5));
  EXPECT_EQ(co_await getting, 5);
}

HOCKET_TEST(green_async_result, gives_what_is_set_to_all_who_wait) {
  green::async_result<std::string> later;
  const auto get = [&later] { return std::string(later.get()); };
  auto first = green::spawn(get);
  auto second = green::spawn(get);
  co_await wait_all_tasks_blocked();
  later.set("now");
  EXPECT_EQ(co_await first + co_await second, "nownow");
}

HOCKET_TEST(green_async_result, is_left_to_the_others_by_one_that_is_cancelled) {
  green::async_result<int> later;
  const auto get = [&later] { return later.get(); };
  auto given_up = green::spawn(get);
  auto patient = green::spawn(get);
  co_await wait_all_tasks_blocked();
  given_up.cancel();
  EXPECT_TRUE(co_await ends_cancelled(given_up));
  later.set(4);
  EXPECT_EQ(co_await patient, 4);
}

HOCKET_TEST(green_async_result, stays_to_be_set_after_a_time_out) {
  green::async_result<int> later;
  auto patient = green::spawn([&later] {
    try {
      return later.get(1s) * 0;
    } catch (const hocket::timeout_error&) {
      return later.get(10s);
    }
  });
  co_await hocket::sleep(5s);
  later.set(3);
  EXPECT_EQ(co_await patient, 3);
}

HOCKET_TEST(green_async_result, throws_the_exception_that_is_set) {
  green::async_result<int> later;
  later.set_exception(std::make_exception_ptr(std::runtime_error("bad")));
  auto gets = green::spawn([&later] { return later.get(); });
  EXPECT_THROW(co_await gets, std::runtime_error);
}

HOCKET_TEST(green_group, joins_all_members_those_made_meanwhile_too) {
  const auto begin = loop::running().time();
  co_await green::spawn([] {
    green::group members;
    members.spawn([&members] {
      green::sleep(1s);
      members.spawn(sleeper(1s));
    });
    EXPECT_EQ(members.size(), 1U);
    members.join();
    EXPECT_EQ(members.size(), 0U);
  });
  EXPECT_EQ(loop::running().time() - begin, 2s);
}

HOCKET_TEST(green_group, kills_all_members) {
  co_await green::spawn([] {
    green::group members;
    auto one = members.spawn(sleeper(1h));
    green::sleep();
    EXPECT_FALSE(members.join(1s));
    members.kill();
    EXPECT_TRUE(one.was_cancelled());
  });
}

HOCKET_TEST(green_group, maps_in_the_order_of_the_items) {
  auto mapped = green::spawn([] {
    green::group members;
    return members.map(
        [](int seconds) {
          green::sleep(std::chrono::seconds(seconds));
          return seconds * 10;
        },
        std::vector{3, 1, 2});
  });
  EXPECT_EQ(co_await mapped, (std::vector{30, 10, 20}));
}

HOCKET_TEST(green_group, map_throws_what_a_call_throws) {
  auto mapped = green::spawn([] {
    green::group members;
    members.map(
        [](int n) {
          if (n == 2) throw std::runtime_error("two");
        },
        std::vector{1, 2, 3});
  });
  EXPECT_THROW(co_await mapped, std::runtime_error);
}

HOCKET_TEST(green_group, maps_in_a_green_thread_alone) {
  bool has_run = false;
  green::group members;
  EXPECT_THROW(members.map([&has_run](int) { has_run = true; }, std::vector{1}), hocket::invalid_state_error);
  co_await hocket::sleep(1s);
  EXPECT_FALSE(has_run);
}

HOCKET_TEST(green_group, a_map_that_gives_up_lets_a_cancellation_be_seen_afterwards) {
  const auto begin = loop::running().time();
  auto mapping = green::spawn([] {
    const auto limit = green::timeout::start_new(1s);
    green::group members;
    const auto work = [](int) {
      hocket::cancel_scope shield({.shield = true});
      green::with_scope(shield, [] { green::sleep(5s); });
    };
    EXPECT_THROW(members.map(work, std::vector{1}), green::timeout_expired);
    green::sleep(1h);
  });
  loop::running().call_later(2s, [&mapping] { mapping.cancel(); });
  EXPECT_TRUE(co_await ends_cancelled(mapping));
  EXPECT_EQ(loop::running().time() - begin, 5s);
}

HOCKET_TEST(green_group, imap_gives_values_in_order_and_imap_unordered_as_they_come) {
  co_await green::spawn([] {
    const auto slowly = [](int seconds) {
      green::sleep(std::chrono::seconds(seconds));
      return seconds;
    };
    green::group members;
    std::vector<int> ordered;
    for (const int each : members.imap(slowly, std::vector{3, 1, 2})) ordered.push_back(each);
    EXPECT_EQ(ordered, (std::vector{3, 1, 2}));
    std::vector<int> unordered;
    for (const int each : members.imap_unordered(slowly, std::vector{3, 1, 2})) unordered.push_back(each);
    EXPECT_EQ(unordered, (std::vector{1, 2, 3}));
  });
}

HOCKET_TEST(green_group, imap_dropped_early_lets_the_members_end) {
  auto finished = std::make_shared<int>(0);
  co_await green::spawn([finished] {
    green::group members;
    for (const int first : members.imap_unordered(
             [finished](int seconds) {
               green::sleep(std::chrono::seconds(seconds));
               return ++*finished, seconds;
             },
             std::vector{1, 2, 3})) {
      EXPECT_EQ(first, 1);
      break;
    }
    members.join();
  });
  EXPECT_EQ(*finished, 3);
}

HOCKET_TEST(green_group, a_cancelled_map_waits_for_what_it_began) {
  int running = 0;
  auto mapping = green::spawn([&running] {
    int borrowed = 0;
    green::pool workers(2);
    try {
      workers.map(
          [&](int) {
            ++running;
            struct guard {
              int& count;
              ~guard() { --count; }
            } const at_the_end{running};
            green::sleep(1h);
            ++borrowed;
          },
          std::vector{1, 2, 3});
    } catch (const hocket::cancelled&) {
      EXPECT_EQ(running, 0);
      throw;
    }
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(running, 2);
  mapping.cancel();
  EXPECT_TRUE(co_await ends_cancelled(mapping));
}

HOCKET_TEST(green_pool, may_go_before_its_members) {
  hocket::task<> member;
  co_await green::spawn([&member] {
    green::pool workers(1);
    member = workers.spawn(sleeper(1s));
  });
  co_await member;
}

HOCKET_TEST(green_pool, imap_takes_no_more_items_than_it_has_places) {
  co_await green::spawn([] {
    green::pool workers(2);
    int seen = 0;
    for (const int each : workers.imap([](int n) { return n; }, std::views::iota(0)))
      if (++seen, each == 10) break;
    EXPECT_EQ(seen, 11);
    workers.join();
  });
}

HOCKET_TEST(green_pool, runs_no_more_than_its_size_at_once) {
  int running = 0;
  int most = 0;
  const auto begin = loop::running().time();
  co_await green::spawn([&] {
    green::pool workers(2);
    workers.map(
        [&](int) {
          most = std::max(most, ++running);
          green::sleep(1s);
          --running;
        },
        std::vector{1, 2, 3, 4, 5});
  });
  EXPECT_EQ(most, 2);
  EXPECT_EQ(loop::running().time() - begin, 3s);
}

HOCKET_TEST(green_pool, a_member_cancelled_before_it_begins_gives_its_place_back) {
  co_await green::spawn([] {
    green::pool workers(1);
    auto never = workers.spawn(sleeper(1h));
    EXPECT_TRUE(workers.full());
    never.cancel();
    workers.join();
    EXPECT_FALSE(workers.full());
  });
}

HOCKET_TEST(green_in_thread, waits_for_a_thread) {
  auto elsewhere = green::spawn([] {
    const auto here = std::this_thread::get_id();
    return green::in_thread([here] { return std::this_thread::get_id() != here; });
  });
  EXPECT_TRUE(co_await elsewhere);
}

std::string greet(std::string whom) {
  green::sleep(100ms);
  return "hello " + whom;
}

HOCKET_TEST(documented_green_threads, greet_by_a_pool) {
  auto both = green::spawn([] {
    green::pool workers(10);
    return workers.map(greet, std::vector<std::string>{"Ada", "Grace"});
  });
  EXPECT_EQ(co_await both, (std::vector<std::string>{"hello Ada", "hello Grace"}));
}

HOCKET_TEST(green_channel, is_a_rendezvous) {
  std::string told;
  green::channel<int> meeting;
  auto sender = green::spawn([&] {
    for (int n = 1; n <= 2; ++n) {
      meeting.send(n);
      told += "sent " + std::to_string(n) + "; ";
    }
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(told, "");
  EXPECT_EQ(meeting.balance(), 1);
  auto receiver = green::spawn([&] {
    for (int n = 1; n <= 3; ++n) told += "got " + std::to_string(meeting.receive()) + "; ";
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(meeting.balance(), -1);
  EXPECT_NE(told.find("sent 2"), std::string::npos);
  receiver.cancel();
  EXPECT_TRUE(co_await ends_cancelled(receiver));
  EXPECT_EQ(meeting.balance(), 0);
  co_await sender;
}

}  // namespace
