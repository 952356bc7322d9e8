#include <optional>
#include <vector>

#include <hocket/core/task.hpp>
#include <hocket/crawl/detail/byte_budget.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::create_task;
using hocket::crawl::detail::byte_budget;
using hocket::testing::wait_all_tasks_blocked;

namespace {

HOCKET_TEST(byte_budget, lets_others_begin_when_enough_was_let_go) {
  byte_budget room(100);
  co_await room.wait_to_begin();
  byte_budget::share most(room);
  most.hold(60);
  std::optional<byte_budget::share> rest(room);
  rest->hold(40);
  auto beginning = create_task(room.wait_to_begin());
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(beginning.done());
  most.hold(61);
  most.hold(60);
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(beginning.done());
  rest.reset();
  co_await beginning;
}

HOCKET_TEST(byte_budget, lets_one_at_a_time_overdraw_it) {
  byte_budget room(100);
  std::vector<byte_budget::share*> grown;
  const auto grow = [&](byte_budget::share& mine) -> coro<void> {
    co_await mine.wait_to_grow();
    mine.hold(200);
    grown.push_back(&mine);
  };
  std::optional<byte_budget::share> first(room);
  byte_budget::share second(room);
  byte_budget::share third(room);
  first->hold(50);
  second.hold(100);
  co_await grow(*first);
  auto waiting = create_task(grow(second));
  auto behind = create_task(grow(third));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(grown.size(), 1U);
  co_await grow(*first);  // whose turn it is, it stays
  first.reset();
  co_await waiting;
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(behind.done());
  second.hold(0);
  co_await behind;
}

HOCKET_TEST(byte_budget, who_gives_up_waiting_holds_up_nobody) {
  byte_budget room(100);
  std::optional<byte_budget::share> first(room);
  first->hold(100);
  co_await first->wait_to_grow();
  byte_budget::share second(room);
  byte_budget::share third(room);
  auto given_up = create_task(second.wait_to_grow());
  auto waiting = create_task(third.wait_to_grow());
  co_await wait_all_tasks_blocked();
  given_up.cancel();
  first.reset();
  co_await waiting;
}

}  // namespace
