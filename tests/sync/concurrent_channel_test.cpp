#include <algorithm>
#include <atomic>
#include <exception>
#include <expected>
#include <latch>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/guest_run.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/concurrent_channel.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::concurrent_receive_channel;
using hocket::concurrent_send_channel;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::loop_place;
using hocket::open_concurrent_channel;
using hocket::run_loops;
using hocket::unlimited_buffer;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

coro<std::vector<int>> receive_all(concurrent_receive_channel<int> source) {
  std::vector<int> items;
  while (auto item = co_await source.receive()) items.push_back(*item);
  co_return items;
}

// ---- on one loop

HOCKET_TEST(concurrent_channel, gives_items_in_the_order_in_which_they_were_sent) {
  auto [sink, source] = open_concurrent_channel<int>(2);
  auto items = create_task(receive_all(std::move(source)));
  for (int n = 0; n < 200; ++n) co_await sink.send(n);
  sink.close();
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(co_await items, expected);
}

HOCKET_TEST(concurrent_channel, does_not_suspend_who_need_not_wait) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  const auto before = loop::running().counters().turns;
  co_await sink.send(7);
  EXPECT_EQ(co_await source.receive(), 7);
  EXPECT_EQ(loop::running().counters().turns, before);
}

HOCKET_TEST(concurrent_channel, gives_way_now_and_then_to_a_task_that_always_finds_something) {
  auto [sink, source] = open_concurrent_channel<int>(1000);
  for (int n = 0; n < 1000; ++n) sink.send_nowait(n);
  int turns = 0;
  const auto count = [&turns]() -> coro<void> {
    for (;; ++turns) co_await hocket::sleep(0s);
  };
  auto counting = create_task(count());
  for (int n = 0; n < 1000; ++n) static_cast<void>(co_await source.receive());
  EXPECT_GE(turns, 10);
  counting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(counting));
}

HOCKET_TEST(concurrent_channel, carries_items_that_can_only_be_moved) {
  auto [sink, source] = open_concurrent_channel<std::unique_ptr<int>>(1);
  co_await sink.send(std::make_unique<int>(7));
  EXPECT_EQ(**co_await source.receive(), 7);
}

HOCKET_TEST(concurrent_channel, makes_a_sender_wait_while_the_buffer_is_full_and_keeps_the_order) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  co_await sink.send(1);
  auto second = create_task(sink.send(2));
  auto third = create_task(sink.send(3));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(second.done());
  for (int n = 1; n <= 3; ++n) EXPECT_EQ(co_await source.receive(), n);
  co_await second;
  co_await third;
}

HOCKET_TEST(concurrent_channel, is_a_rendezvous_without_a_buffer) {
  auto [sink, source] = open_concurrent_channel<int>(0);
  EXPECT_FALSE(sink.send_nowait(1));
  auto sending = create_task(sink.send(2));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sending.done());
  EXPECT_EQ(source.receive_nowait(), 2);
  co_await sending;
}

HOCKET_TEST(concurrent_channel, serves_receivers_in_the_order_in_which_they_asked) {
  auto [sink, source] = open_concurrent_channel<int>(8);
  auto first = create_task(source.receive());
  auto second = create_task(source.receive());
  co_await wait_all_tasks_blocked();
  sink.send_nowait(1);
  sink.send_nowait(2);
  EXPECT_EQ(source.receive_nowait(), std::nullopt);
  EXPECT_EQ(co_await first, 1);
  EXPECT_EQ(co_await second, 2);
}

HOCKET_TEST(concurrent_channel, ends_when_the_last_sending_end_is_closed_and_nothing_is_left) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  auto other = sink.clone();
  co_await sink.send(7);
  sink.close();
  EXPECT_EQ(co_await source.receive(), 7);
  auto waiting = create_task(source.receive());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  other.close();
  EXPECT_EQ(co_await waiting, std::nullopt);
  EXPECT_THROW(static_cast<void>(source.receive_nowait()), hocket::end_of_channel);
}

HOCKET_TEST(concurrent_channel, is_broken_for_senders_when_the_last_receiving_end_is_closed) {
  auto [sink, source] = open_concurrent_channel<int>(0);
  auto waiting = create_task(sink.send(1));
  co_await wait_all_tasks_blocked();
  source.close();
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::broken_resource_error>(std::move(waiting)));
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::broken_resource_error>(sink.send(1)));
  EXPECT_THROW(sink.send_nowait(1), hocket::broken_resource_error);
}

HOCKET_TEST(concurrent_channel, wakes_those_who_wait_at_an_end_that_is_closed_and_nobody_else) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  auto other = source.clone();
  auto first = create_task(source.receive());
  auto second = create_task(other.receive());
  co_await wait_all_tasks_blocked();
  source.close();
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::closed_resource_error>(std::move(first)));
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::closed_resource_error>(source.receive()));
  EXPECT_THROW(static_cast<void>(source.clone()), hocket::closed_resource_error);
  sink.send_nowait(7);
  EXPECT_EQ(co_await second, 7);
}

HOCKET_TEST(concurrent_channel, drops_what_is_left_when_the_last_receiving_end_is_closed) {
  // Each item holds an end of its own channel.
  struct letter {
    std::optional<concurrent_send_channel<std::shared_ptr<int>>> sink;
  };
  auto [sink, source] = open_concurrent_channel<std::shared_ptr<int>>(2);
  auto [letters, received] = open_concurrent_channel<letter>(2);
  letters.send_nowait(letter{sink.clone()});
  const auto item = std::make_shared<int>(7);
  sink.send_nowait(item);
  source.close();
  received.close();
  EXPECT_EQ(item.use_count(), 1);
  EXPECT_EQ(sink.statistics().open_send_channels, 1U);
  co_return;
}

HOCKET_TEST(concurrent_channel, sends_nothing_for_a_sender_that_was_cancelled) {
  auto [sink, source] = open_concurrent_channel<int>(0);
  auto sending = create_task(sink.send(1));
  co_await wait_all_tasks_blocked();
  sending.cancel();
  EXPECT_TRUE(co_await ends_cancelled(sending));
  EXPECT_EQ(source.receive_nowait(), std::nullopt);
  EXPECT_EQ(sink.statistics().tasks_waiting_send, 0U);
}

HOCKET_TEST(concurrent_channel, forgets_a_cancelled_receiver) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  auto first = create_task(source.receive());
  auto second = create_task(source.receive());
  co_await wait_all_tasks_blocked();
  first.cancel();
  sink.send_nowait(7);
  EXPECT_TRUE(co_await ends_cancelled(first));
  EXPECT_EQ(co_await second, 7);
}

HOCKET_TEST(concurrent_channel, gives_a_receiver_the_item_that_it_was_handed_before_it_was_cancelled) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  std::optional<int> got;
  const auto take = [&]() -> coro<void> { got = co_await source.receive(); };
  auto receiving = create_task(take());
  co_await wait_all_tasks_blocked();
  sink.send_nowait(7);
  receiving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(receiving));  // the request stayed pending
  EXPECT_EQ(got, 7);
}

HOCKET_TEST(concurrent_channel, takes_a_limit) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  EXPECT_TRUE(co_await hocket::testing::throws<hocket::timeout_error>(hocket::with_timeout(1s, source.receive())));
  EXPECT_EQ(source.statistics().tasks_waiting_receive, 0U);
}

HOCKET_TEST(concurrent_channel, refuses_to_block_a_loop) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  EXPECT_THROW(sink.send_blocking(1), hocket::invalid_state_error);
  EXPECT_THROW(static_cast<void>(source.receive_blocking()), hocket::invalid_state_error);
  co_return;
}

// The guest would never be run again: the thread is its host's.
TEST(concurrent_channel, refuses_to_block_a_loop_inside_of_the_thread_s_own) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  auto [other_sink, other_source] = open_concurrent_channel<int>(1);  // at which nobody waits
  const auto words_of_refusals = [&sink = other_sink, &source = other_source] {
    std::vector<std::string> words;
    const auto note = [&words](const auto& call) {
      try {
        call();
        words.emplace_back("none");
      } catch (const hocket::invalid_state_error& refused) {
        words.emplace_back(refused.what());
      }
    };
    note([&sink] { sink.send_blocking(1); });
    note([&source] { static_cast<void>(source.receive_blocking()); });
    return words;
  };
  const std::vector<std::string> refused(2,
                                         "the loop inside of this thread's own (guest_run) would be blocked: call "
                                         "send_nowait or receive_nowait, or co_await in a "
                                         "task of it");
  const std::vector<std::string> fine{"none", "none"};
  std::optional<int> received;
  const auto receive = [](concurrent_receive_channel<int>& from) -> coro<int> {
    co_return (co_await from.receive()).value();
  };
  {
    hocket::guest_run guest(receive(source),
                            [&](std::expected<int, std::exception_ptr> ended) {
                              received = ended.value();
                              EXPECT_EQ(words_of_refusals(), fine);
                            },
                            {.backend = hocket::backend_kind::epoll});
    EXPECT_EQ(words_of_refusals(), refused);  // before it begins
    guest.run_ready();
    EXPECT_EQ(words_of_refusals(), refused);                                                    // while it waits
    std::thread([&words_of_refusals, &fine] { EXPECT_EQ(words_of_refusals(), fine); }).join();  // it is not theirs
    EXPECT_EQ(received, std::nullopt);
    sink.send_nowait(7);
    while (!guest.is_done()) guest.run_ready();
  }
  EXPECT_EQ(received, 7);
  EXPECT_EQ(words_of_refusals(), fine);
}

TEST(concurrent_channel, neither_loses_nor_doubles_an_item_when_cancelled_at_any_suspension) {
  for (const std::size_t room : {0U, 1U}) {
    const auto report = hocket::testing::cancel_at_every_suspension([room]() -> coro<void> {
      auto [sink, source] = open_concurrent_channel<int>(room);
      int sent = 0;
      int received = 0;
      const auto send = [&]() -> coro<void> {
        for (int n = 0; n < 3; ++n) {
          co_await sink.send(1);
          ++sent;
        }
      };
      const auto receive = [&]() -> coro<void> {
        for (int n = 0; n < 3; ++n) received += *co_await source.receive();
      };
      auto sending = create_task(send());
      auto receiving = create_task(receive());
      const auto outcome = co_await as_result(std::move(receiving));
      sending.cancel();
      static_cast<void>(co_await as_result(std::move(sending)));
      EXPECT_EQ(sent, received + static_cast<int>(source.statistics().current_buffer_used));
      if (!outcome) std::rethrow_exception(outcome.error());
    });
    EXPECT_TRUE(report.none()) << report.to_string();
    EXPECT_GE(report.cancelled, 2U);
  }
}

// ---- between threads

/// Each number from 0 to `count` once, and those of one sender in their order, as far as one receiver saw them.
struct tally {
  explicit tally(std::size_t count) : seen(count) {}
  std::vector<std::atomic<int>> seen;

  void note(std::size_t item) { seen.at(item).fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] bool each_came_once() const {
    return std::all_of(seen.begin(), seen.end(), [](const auto& times) { return times == 1; });
  }
};

constexpr std::size_t items_of_each = 5'000;

class concurrent_channel_of : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(room, concurrent_channel_of, testing::Values(0, 1, 64, hocket::unlimited_buffer),
                         [](const auto& each) {
                           return each.param == hocket::unlimited_buffer ? "unlimited" : std::to_string(each.param);
                         });

TEST_P(concurrent_channel_of, brings_each_item_once_between_four_loops) {
  tally received(2 * items_of_each);
  auto [sink, source] = open_concurrent_channel<std::size_t>(GetParam());
  run_loops(4,
            [&received, sink = std::make_shared<decltype(sink)>(std::move(sink)),
             source = std::make_shared<decltype(source)>(std::move(source)),
             left = std::make_shared<std::atomic<int>>(2)](loop_place place) -> coro<void> {
              if (place.index < 2) {
                for (std::size_t n = 0; n < items_of_each; ++n) co_await sink->send(place.index * items_of_each + n);
                if (--*left == 0) sink->close();
                co_return;
              }
              std::vector<std::size_t> last(2, 0);
              while (const auto item = co_await source->receive()) {
                received.note(*item);
                std::size_t& before = last[*item / items_of_each];
                EXPECT_LE(before, *item);  // of one sender, in its order
                before = *item;
              }
            });
  EXPECT_TRUE(received.each_came_once());
}

TEST_P(concurrent_channel_of, brings_each_item_once_between_threads_and_loops) {
  tally received(2 * items_of_each);
  auto [sink, source] = open_concurrent_channel<std::size_t>(GetParam());
  std::jthread thread_that_sends([sink = sink.clone()]() mutable {
    for (std::size_t n = 0; n < items_of_each; ++n) sink.send_blocking(n);
  });
  std::jthread thread_that_receives([source = source.clone(), &received]() mutable {
    while (const auto item = source.receive_blocking()) received.note(*item);
  });
  run_loops(2, [&, from = &source, to = &sink](std::size_t index) -> coro<void> {
    if (index == 0) {
      for (std::size_t n = 0; n < items_of_each; ++n) co_await to->send(items_of_each + n);
      to->close();
    } else {
      while (const auto item = co_await from->receive()) received.note(*item);
    }
  });
  thread_that_sends.join();
  thread_that_receives.join();
  EXPECT_TRUE(received.each_came_once());
}

TEST_P(concurrent_channel_of, loses_no_item_while_receivers_are_cancelled_again_and_again) {
  tally received(items_of_each);
  auto [sink, source] = open_concurrent_channel<std::size_t>(GetParam());
  run_loops(2, [&, from = &source, to = &sink](std::size_t index) -> coro<void> {
    if (index == 0) {
      for (std::size_t n = 0; n < items_of_each; ++n) {
        co_await to->send(n);
        if (n % 64 == 0) co_await hocket::sleep(50us);
      }
      to->close();
      co_return;
    }
    bool ended = false;
    const auto take = [&]() -> coro<void> {
      const auto item = co_await from->receive();
      if (item)
        received.note(*item);
      else
        ended = true;
    };
    while (!ended) {
      auto taking = create_task(take());
      co_await hocket::sleep(0s);
      taking.cancel();
      static_cast<void>(co_await as_result(std::move(taking)));
    }
  });
  EXPECT_TRUE(received.each_came_once());
}

TEST(concurrent_channel, wakes_threads_that_block_when_it_ends_or_breaks) {
  auto [sink, source] = open_concurrent_channel<int>(0);
  std::jthread receiver([source = source.clone()]() mutable { EXPECT_EQ(source.receive_blocking(), std::nullopt); });
  while (source.statistics().tasks_waiting_receive == 0) std::this_thread::yield();
  sink.close();
  receiver.join();

  auto [other_sink, other_source] = open_concurrent_channel<int>(0);
  std::jthread sender(
      [sink = other_sink.clone()]() mutable { EXPECT_THROW(sink.send_blocking(1), hocket::broken_resource_error); });
  while (other_source.statistics().tasks_waiting_send == 0) std::this_thread::yield();
  other_source.close();
}

// A clone either counts as an end, or is refused: nobody waits for one that does not exist.
TEST(concurrent_channel, is_cloned_and_closed_by_several_threads_at_once) {
  for (int round = 0; round < 200; ++round) {
    auto [sink, source] = open_concurrent_channel<int>(unlimited_buffer);
    std::atomic<std::size_t> sent = 0;
    std::latch begin(5);
    const auto send_by_clones = [&sink = sink, &sent, &begin] {
      begin.arrive_and_wait();
      try {
        for (int n = 0; n < 50; ++n) {
          sink.clone().send_nowait(n);
          ++sent;
        }
      } catch (const hocket::closed_resource_error&) {
      }
    };
    std::size_t received = 0;
    const auto receive_by_clones = [&source = source, &received, &begin] {
      begin.arrive_and_wait();
      while (source.clone().receive_blocking()) ++received;
    };
    const auto close = [&sink = sink, &begin] {
      begin.arrive_and_wait();
      sink.close();
    };
    {
      const std::jthread sender(send_by_clones), other(send_by_clones), receiver(receive_by_clones), closer(close),
          second_closer(close);
    }
    EXPECT_EQ(received, sent);
    EXPECT_EQ(source.statistics().open_send_channels, 0U);
    EXPECT_EQ(source.statistics().open_receive_channels, 1U);
    EXPECT_THROW(static_cast<void>(sink.clone()), hocket::closed_resource_error);
  }
}

TEST(concurrent_channel, outlives_a_loop_that_ends_while_a_task_of_it_waits) {
  auto [sink, source] = open_concurrent_channel<int>(1);
  const auto leave = [](concurrent_receive_channel<int> source) -> coro<void> {
    static_cast<void>(co_await source.receive());
  };
  hocket::run([](auto wait) -> coro<void> {
    create_task(std::move(wait), {.eager_start = true});
    co_return;
  }(leave(source.clone())));
  EXPECT_EQ(sink.statistics().tasks_waiting_receive, 0U);
  sink.send_nowait(7);
  EXPECT_EQ(source.receive_nowait(), 7);
}

// What is left behind is leaked, hence a process of its own.
TEST(concurrent_channel_death_test, outlives_a_loop_that_was_closed_while_a_task_of_it_waited) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    auto [sink, source] = open_concurrent_channel<int>(1);
    {
      loop abandoned;
      const auto begin = [](concurrent_receive_channel<int>& source) -> coro<void> {
        create_task(source.receive(), {.eager_start = true});
        co_return;
      };
      hocket::run_until_complete(abandoned, begin(source));
    }
    if (sink.statistics().tasks_waiting_receive != 0) std::_Exit(1);
    sink.send_nowait(7);
    std::_Exit(source.receive_nowait().value_or(2));
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(7), "a task was pending when its loop was closed");
}

TEST(concurrent_channel, wakes_a_sleeping_loop_of_its_receiver) {
  auto [sink, source] = open_concurrent_channel<int>(0);
  std::jthread sender([sink = std::move(sink), &source = source]() mutable {
    for (int n = 0; n < 100; ++n) {
      while (source.statistics().tasks_waiting_receive == 0) std::this_thread::yield();
      sink.send_blocking(n);
    }
  });
  EXPECT_EQ(hocket::run(receive_all(source.clone())).size(), 100U);
}

}  // namespace
