#include <list>
#include <memory>
#include <ranges>
#include <span>
#include <vector>

#include <hocket/core/generator.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/for_each.hpp>
#include <hocket/flow/iterate.hpp>
#include <hocket/flow/take.hpp>
#include <hocket/sync/memory_channel.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
namespace flow = hocket::flow;

HOCKET_TEST(iterate, moves_the_items_out_of_a_container_that_it_was_given) {
  std::vector<std::unique_ptr<int>> given;
  given.push_back(std::make_unique<int>(7));
  const int* const address = given.front().get();
  const auto items = co_await (flow::iterate(std::move(given)) | flow::collect());
  EXPECT_EQ(items.front().get(), address);
}

HOCKET_TEST(iterate, leaves_a_container_alone_that_it_may_only_copy) {
  std::vector<std::string> given{"a string that is too long to be a small one"};
  const auto items = co_await (given | flow::collect());
  EXPECT_EQ(items, given);
}

HOCKET_TEST(iterate, leaves_what_a_view_shows_where_it_is) {
  std::vector<std::string> given{"a string that is too long to be a small one"};
  const auto items = co_await (std::span(given) | flow::collect());
  EXPECT_EQ(items, given);
}

HOCKET_TEST(iterate, takes_views_of_the_standard_library) {
  auto squares = std::views::iota(1, 4) | std::views::transform([](int n) { return n * n; });
  EXPECT_EQ(co_await (squares | flow::collect()), (std::vector{1, 4, 9}));
}

HOCKET_TEST(iterate, asks_a_generator_for_no_item_before_its_own_is_asked_for) {
  int given = 0;
  const auto count = [](int& number) -> hocket::generator<int> {
    while (true) co_yield ++number;
  };
  auto items = flow::iterate(count(given));
  EXPECT_EQ(given, 0);
  EXPECT_EQ(co_await items.next(), 1);
  EXPECT_EQ(given, 1);
}

HOCKET_TEST(iterate, moves_the_items_of_a_generator) {
  const auto one = []() -> hocket::generator<std::unique_ptr<int>> { co_yield std::make_unique<int>(7); };
  const auto items = co_await (one() | flow::collect());
  EXPECT_EQ(*items.front(), 7);
}

HOCKET_TEST(iterate, ends_a_generator_when_it_is_closed_itself) {
  bool ended = false;
  const auto count = [](bool& at_end) -> hocket::generator<int> {
    struct end {
      ~end() { ended = true; }
      bool& ended;
    } const noted{at_end};
    for (int n = 0;; ++n) co_yield n;
  };
  auto items = flow::iterate(count(ended));
  EXPECT_EQ(co_await items.next(), 0);
  co_await items.close();
  EXPECT_TRUE(ended);
}

HOCKET_TEST(iterate, ends_with_the_channel_that_it_receives_from) {
  auto [sink, source] = hocket::open_memory_channel<int>(8);
  for (int n = 1; n <= 3; ++n) EXPECT_TRUE(sink.send_nowait(n));
  sink.close();
  EXPECT_EQ(co_await (std::move(source) | flow::collect()), (std::vector{1, 2, 3}));
}

HOCKET_TEST(iterate, waits_for_what_comes_through_a_channel) {
  auto [sink, source] = hocket::open_memory_channel<int>(0);
  const auto send = [](hocket::memory_send_channel<int> to) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    co_await to.send(7);
  };
  auto sending = hocket::create_task(send(std::move(sink)));
  EXPECT_EQ(co_await (std::move(source) | flow::collect()), std::vector{7});
}

HOCKET_TEST(iterate, closes_its_end_of_a_channel_when_it_is_closed) {
  auto [sink, source] = hocket::open_memory_channel<int>(8);
  EXPECT_TRUE(sink.send_nowait(1));
  auto items = flow::iterate(std::move(source)) | flow::take(1);
  EXPECT_EQ(co_await items.next(), 1);
  co_await items.close();
  EXPECT_EQ(sink.statistics().open_receive_channels, 0U);
}

HOCKET_TEST(iterate, gives_what_is_left_in_a_queue_that_is_shut_down_and_ends) {
  hocket::queue<int> jobs;
  EXPECT_TRUE(jobs.put_nowait(1));
  EXPECT_TRUE(jobs.put_nowait(2));
  jobs.shutdown();
  EXPECT_EQ(co_await (jobs | flow::collect()), (std::vector{1, 2}));
}

HOCKET_TEST(iterate, leaves_in_the_queue_what_nobody_has_asked_for) {
  hocket::queue<int> jobs;
  for (int n = 1; n <= 3; ++n) EXPECT_TRUE(jobs.put_nowait(n));
  EXPECT_EQ(co_await (jobs | flow::take(2) | flow::collect()), (std::vector{1, 2}));
  EXPECT_EQ(jobs.qsize(), 1U);
}

HOCKET_TEST(iterate, takes_no_item_of_a_queue_when_it_is_cancelled_while_it_waits) {
  hocket::queue<int> jobs;
  const auto use_all = [](hocket::queue<int>& from) -> hocket::coro<void> {
    co_await (from | flow::for_each([](int) {}));
  };
  auto user = hocket::create_task(use_all(jobs));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_TRUE(jobs.put_nowait(7));
  user.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(user));
  EXPECT_EQ(jobs.qsize(), 1U);
}

static_assert(!flow::iterable<hocket::memory_receive_channel<int>&>, "it would have to be copied");
static_assert(!flow::iterable<hocket::generator<int>&>, "it would have to be copied");
static_assert(!flow::iterable<hocket::async_generator<int>&>, "it would have to be copied");
static_assert(!flow::iterable<hocket::queue<int>>, "it would be gone");
static_assert(!flow::iterable<int>);
