#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/memory_channel.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// True if `work` ends with `Error`.
template <class Error, class T>
hocket::coro<bool> ends_with(hocket::task<T> work) {
  try {
    co_await work;
  } catch (const Error&) {
    co_return true;
  }
  co_return false;
}

// ---- sending and receiving

HOCKET_TEST(memory_channel, gives_items_in_the_order_in_which_they_were_sent) {
  auto [sink, source] = hocket::open_memory_channel<int>(3);
  for (int n = 0; n < 3; ++n) co_await sink.send(n);
  for (int n = 0; n < 3; ++n) EXPECT_EQ(co_await source.receive(), n);
}

HOCKET_TEST(memory_channel, does_not_suspend_who_need_not_wait) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  const auto turn = hocket::loop::running().counters().turns;
  co_await sink.send(1);
  EXPECT_EQ(co_await source.receive(), 1);
  EXPECT_EQ(hocket::loop::running().counters().turns, turn);
}

HOCKET_TEST(memory_channel, carries_items_that_can_only_be_moved) {
  auto [sink, source] = hocket::open_memory_channel<std::unique_ptr<int>>(1);
  co_await sink.send(std::make_unique<int>(7));
  const auto item = co_await source.receive();
  EXPECT_EQ(**item, 7);
}

HOCKET_TEST(memory_channel, can_be_iterated_to_its_end) {
  auto [sink, source] = hocket::open_memory_channel<int>(8);
  for (int n = 0; n < 3; ++n) sink.send_nowait(n);
  sink.close();
  std::vector<int> got;
  while (auto item = co_await source.next()) got.push_back(*item);
  EXPECT_EQ(got, (std::vector{0, 1, 2}));
}

HOCKET_TEST(memory_channel, makes_a_receiver_wait_for_an_item) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  auto receiver = hocket::create_task(source.receive());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(receiver.done());
  co_await sink.send(7);
  EXPECT_EQ(co_await receiver, 7);
}

HOCKET_TEST(memory_channel, makes_a_sender_wait_while_the_buffer_is_full) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  co_await sink.send(1);
  auto sender = hocket::create_task(sink.send(2));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sender.done());
  EXPECT_EQ(co_await source.receive(), 1);
  co_await sender;
  EXPECT_EQ(co_await source.receive(), 2);
}

HOCKET_TEST(memory_channel, keeps_the_order_between_buffer_and_waiting_senders) {
  auto [sink, source] = hocket::open_memory_channel<int>(2);
  std::vector<hocket::task<void>> senders;
  for (int n = 0; n < 5; ++n) senders.push_back(hocket::create_task(sink.send(n)));
  co_await wait_all_tasks_blocked();
  for (int n = 0; n < 5; ++n) EXPECT_EQ(co_await source.receive(), n);
}

HOCKET_TEST(memory_channel, serves_receivers_in_the_order_in_which_they_asked) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto first = hocket::create_task(source.receive());
  auto second = hocket::create_task(source.receive());
  co_await wait_all_tasks_blocked();
  co_await sink.send(1);
  co_await sink.send(2);
  EXPECT_EQ(co_await first, 1);
  EXPECT_EQ(co_await second, 2);
}

HOCKET_TEST(memory_channel, lets_nobody_take_an_item_that_was_handed_to_a_waiting_receiver) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  auto receiver = hocket::create_task(source.receive());
  co_await wait_all_tasks_blocked();
  co_await sink.send(7);
  EXPECT_EQ(source.receive_nowait(), std::nullopt);
  EXPECT_EQ(co_await receiver, 7);
}

HOCKET_TEST(memory_channel, is_a_rendezvous_without_a_buffer) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto sender = hocket::create_task(sink.send(7));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sender.done());
  EXPECT_EQ(co_await source.receive(), 7);
  co_await sender;
}

HOCKET_TEST(memory_channel, never_makes_a_sender_wait_if_its_buffer_is_unlimited) {
  auto [sink, source] = hocket::open_memory_channel<int>(hocket::unlimited_buffer);
  for (int n = 0; n < 1'000; ++n) EXPECT_TRUE(sink.send_nowait(n));
  EXPECT_EQ(source.statistics().current_buffer_used, 1'000U);
  co_return;
}

HOCKET_TEST(memory_channel, leaves_an_item_alone_that_it_cannot_take_at_once) {
  auto [sink, source] = hocket::open_memory_channel<std::unique_ptr<int>>(0);
  auto item = std::make_unique<int>(7);
  EXPECT_FALSE(sink.send_nowait(std::move(item)));
  EXPECT_NE(item, nullptr);
  co_return;
}

HOCKET_TEST(memory_channel, has_nothing_to_give_at_once_while_nothing_was_sent) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  EXPECT_EQ(source.receive_nowait(), std::nullopt);
  co_return;
}

HOCKET_TEST(memory_channel, takes_the_item_of_a_waiting_sender_at_once) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto sender = hocket::create_task(sink.send(7));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(source.receive_nowait(), 7);
  co_await sender;
}

// ---- closing

HOCKET_TEST(memory_channel, ends_when_the_last_sending_end_is_closed) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  auto other = sink.clone();
  auto receiver = hocket::create_task(source.receive());
  co_await wait_all_tasks_blocked();
  sink.close();
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(receiver.done());
  other.close();
  EXPECT_EQ(co_await receiver, std::nullopt);
  EXPECT_EQ(co_await source.receive(), std::nullopt);
  EXPECT_THROW(static_cast<void>(source.receive_nowait()), hocket::end_of_channel);
}

HOCKET_TEST(memory_channel, gives_what_is_left_before_it_ends) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  co_await sink.send(7);
  sink.close();
  EXPECT_EQ(co_await source.receive(), 7);
  EXPECT_EQ(co_await source.receive(), std::nullopt);
}

HOCKET_TEST(memory_channel, ends_when_the_sending_end_goes_out_of_scope) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  {
    const auto gone = std::move(sink);
  }
  EXPECT_EQ(co_await source.receive(), std::nullopt);
}

HOCKET_TEST(memory_channel, lets_a_handle_be_moved_while_a_task_waits_at_it) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto receiver = hocket::create_task(source.receive());
  auto moved = std::move(source);  // before the task has begun
  co_await wait_all_tasks_blocked();
  const auto again = std::move(moved);
  co_await sink.send(7);
  EXPECT_EQ(co_await receiver, 7);
}

HOCKET_TEST(memory_channel, closes_the_end_that_is_assigned_to) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  auto [other_sink, other_source] = hocket::open_memory_channel<int>(1);
  sink = std::move(other_sink);
  EXPECT_EQ(co_await source.receive(), std::nullopt);
  co_await sink.send(7);
  EXPECT_EQ(co_await other_source.receive(), 7);
}

HOCKET_TEST(memory_channel, refuses_to_send_by_a_closed_end) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  sink.close();
  sink.close();
  EXPECT_THROW(co_await sink.send(1), hocket::closed_resource_error);
  EXPECT_THROW(sink.send_nowait(1), hocket::closed_resource_error);
  EXPECT_THROW(static_cast<void>(sink.clone()), hocket::closed_resource_error);
}

HOCKET_TEST(memory_channel, refuses_to_receive_by_a_closed_end) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  source.close();
  source.close();
  EXPECT_THROW(static_cast<void>(co_await source.receive()), hocket::closed_resource_error);
  EXPECT_THROW(static_cast<void>(source.receive_nowait()), hocket::closed_resource_error);
  EXPECT_THROW(static_cast<void>(source.clone()), hocket::closed_resource_error);
}

HOCKET_TEST(memory_channel, is_broken_for_senders_when_the_last_receiving_end_is_closed) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto other = source.clone();
  auto sender = hocket::create_task(sink.send(1));
  co_await wait_all_tasks_blocked();
  source.close();
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sender.done());
  other.close();
  EXPECT_TRUE(co_await ends_with<hocket::broken_resource_error>(sender));
  EXPECT_THROW(co_await sink.send(1), hocket::broken_resource_error);
  EXPECT_THROW(sink.send_nowait(1), hocket::broken_resource_error);
}

HOCKET_TEST(memory_channel, drops_what_is_left_when_the_last_receiving_end_is_closed) {
  auto [sink, source] = hocket::open_memory_channel<std::shared_ptr<int>>(1);
  const auto item = std::make_shared<int>(7);
  co_await sink.send(item);
  source.close();
  EXPECT_EQ(item.use_count(), 1);
}

HOCKET_TEST(memory_channel, wakes_those_who_send_by_an_end_that_is_closed_and_nobody_else) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto other = sink.clone();
  auto first = hocket::create_task(sink.send(1));
  auto second = hocket::create_task(other.send(2));
  auto third = hocket::create_task(sink.send(3));
  co_await wait_all_tasks_blocked();
  sink.close();
  EXPECT_TRUE(co_await ends_with<hocket::closed_resource_error>(first));
  EXPECT_TRUE(co_await ends_with<hocket::closed_resource_error>(third));
  EXPECT_EQ(co_await source.receive(), 2);
  co_await second;
}

HOCKET_TEST(memory_channel, wakes_those_who_receive_by_an_end_that_is_closed_and_nobody_else) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto other = source.clone();
  auto first = hocket::create_task(source.receive());
  auto second = hocket::create_task(other.receive());
  co_await wait_all_tasks_blocked();
  source.close();
  EXPECT_TRUE(co_await ends_with<hocket::closed_resource_error>(first));
  co_await sink.send(7);
  EXPECT_EQ(co_await second, 7);
}

HOCKET_TEST(memory_channel, wakes_who_waits_at_an_end_that_goes_out_of_scope) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto receiver = hocket::create_task(source.receive());
  co_await wait_all_tasks_blocked();
  {
    const auto gone = std::move(source);
  }
  EXPECT_TRUE(co_await ends_with<hocket::closed_resource_error>(receiver));
}

HOCKET_TEST(memory_channel, tells_how_it_stands) {
  auto [sink, source] = hocket::open_memory_channel<int>(1);
  auto other = sink.clone();
  co_await sink.send(1);
  auto sender = hocket::create_task(other.send(2));
  co_await wait_all_tasks_blocked();
  const auto now = source.statistics();
  EXPECT_EQ(now.current_buffer_used, 1U);
  EXPECT_EQ(now.max_buffer_size, 1U);
  EXPECT_EQ(now.open_send_channels, 2U);
  EXPECT_EQ(now.open_receive_channels, 1U);
  EXPECT_EQ(now.tasks_waiting_send, 1U);
  EXPECT_EQ(now.tasks_waiting_receive, 0U);
  static_cast<void>(co_await source.receive());
  co_await sender;
}

// ---- cancellation

HOCKET_TEST(memory_channel, sends_nothing_for_a_sender_that_was_cancelled) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto first = hocket::create_task(sink.send(1));
  auto second = hocket::create_task(sink.send(2));
  co_await wait_all_tasks_blocked();
  first.cancel();
  EXPECT_EQ(co_await source.receive(), 2);
  EXPECT_TRUE(co_await ends_cancelled(first));
}

HOCKET_TEST(memory_channel, forgets_a_cancelled_receiver) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  auto first = hocket::create_task(source.receive());
  auto second = hocket::create_task(source.receive());
  co_await wait_all_tasks_blocked();
  first.cancel();
  co_await sink.send(7);
  EXPECT_EQ(co_await second, 7);
  EXPECT_TRUE(co_await ends_cancelled(first));
}

HOCKET_TEST(memory_channel, gives_a_receiver_the_item_that_it_was_handed_before_it_was_cancelled) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  std::vector<int> got;
  auto receive = [&]() -> hocket::coro<void> {
    got.push_back(*co_await source.receive());
    co_await hocket::sleep(1s);  // where the request is delivered
    got.push_back(0);
  };
  auto receiver = hocket::create_task(receive());
  co_await wait_all_tasks_blocked();
  co_await sink.send(7);
  receiver.cancel();
  EXPECT_TRUE(co_await ends_cancelled(receiver));
  EXPECT_EQ(got, (std::vector{7}));
}

HOCKET_TEST(memory_channel, lets_a_sender_know_that_its_item_was_taken_before_it_was_cancelled) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  bool sent = false;
  auto send = [&]() -> hocket::coro<void> {
    co_await sink.send(7);
    sent = true;
    co_await hocket::sleep(1s);
  };
  auto sender = hocket::create_task(send());
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(source.receive_nowait(), 7);
  sender.cancel();
  EXPECT_TRUE(co_await ends_cancelled(sender));
  EXPECT_TRUE(sent);
}

HOCKET_TEST(memory_channel, may_be_gone_before_a_cancelled_task_has_left_it) {
  std::optional ends(hocket::open_memory_channel<int>(0));
  auto receiver = hocket::create_task(ends->second.receive());
  co_await wait_all_tasks_blocked();
  receiver.cancel();
  ends.reset();
  EXPECT_TRUE(co_await ends_cancelled(receiver));
}

TEST(memory_channel, neither_loses_nor_doubles_an_item_when_cancelled_at_any_suspension) {
  for (const std::size_t size : {0U, 1U, 2U}) {
    int wrong = 0;
    const auto report = hocket::testing::cancel_at_every_suspension([&, size]() -> hocket::coro<void> {
      auto [sink, source] = hocket::open_memory_channel<int>(size);
      int sent = 0;
      int got = 0;
      auto produce = [&sent](hocket::memory_send_channel<int> to) -> hocket::coro<void> {
        for (int n = 0; n < 3; ++n) {
          co_await to.send(n);
          ++sent;
        }
      };
      auto consume = [&got](hocket::memory_receive_channel<int> from) -> hocket::coro<void> {
        while (auto item = co_await from.receive()) {
          ++got;
          co_await hocket::sleep(0s);
        }
      };
      auto keep = source.clone();
      const auto check = [&] {
        int left = 0;
        try {
          while (keep.receive_nowait()) ++left;
        } catch (const hocket::end_of_channel&) {
        }
        wrong += sent == got + left ? 0 : 1;
      };
      auto second_sink = sink.clone();
      auto second_source = source.clone();
      try {
        co_await hocket::gather(produce(std::move(sink)), consume(std::move(source)), produce(std::move(second_sink)),
                                consume(std::move(second_source)));
      } catch (...) {
        check();
        throw;
      }
      check();
      wrong += sent == 6 && got == 6 ? 0 : 1;
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_GE(report.runs, 8U);
    EXPECT_EQ(report.cancelled + 1, report.runs);
    EXPECT_EQ(report.leaked_blocks, 0U);
  }
}

}  // namespace
