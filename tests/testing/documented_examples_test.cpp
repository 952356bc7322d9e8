// The examples of docs/testing.md.

#include <array>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/for_each_order.hpp>
#include <hocket/testing/test.hpp>

#include "io/temporary_directory.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

coro<void> remind_after_an_hour(queue<std::string>& reminders) {
  co_await hocket::sleep(1h);
  co_await reminders.put("tea");
}

coro<void> check_that_the_reminder_comes_after_an_hour() {
  queue<std::string> reminders;
  const auto begin = loop::running().time();
  auto reminder = create_task(remind_after_an_hour(reminders));
  EXPECT_EQ(co_await reminders.get(), "tea");
  EXPECT_EQ(loop::running().time() - begin, 1h);
  co_await reminder;
}

TEST(documented_examples, time) {
  hocket::testing::virtual_clock time;
  run(check_that_the_reminder_comes_after_an_hour(), {.clock = &time});
}

coro<void> use(lock& shared) {
  const auto held = co_await shared.scoped_lock();
  co_await hocket::sleep(1s);
}

HOCKET_TEST(documented_examples, everybody_waits) {
  lock shared;
  auto first = create_task(use(shared));
  co_await hocket::testing::wait_all_tasks_blocked();  // it holds the lock and waits in there
  auto second = create_task(use(shared));
  co_await hocket::testing::wait_all_tasks_blocked();  // it stands in line
  second.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(second));
  co_await first;
}

coro<void> copy(std::string from, std::string to) {
  auto source = co_await file::open(from);
  auto target = co_await file::open(to, O_WRONLY | O_CREAT | O_TRUNC);
  std::array<char, 4096> block{};
  while (const std::size_t size = co_await source.read(block)) co_await target.write({block.data(), size});
  co_await target.fsync();
}

TEST(documented_examples, under_interference) {
  const hocket::testing::temporary_directory folder;
  const std::string here = folder / "here";
  const std::string there = folder / "there";
  hocket::testing::write_file(here, "text");

  const auto scenario = [&]() -> hocket::coro<void> { co_await copy(here, there); };
  const auto cancelled = hocket::testing::cancel_at_every_suspension(scenario);
  EXPECT_TRUE(cancelled.none()) << cancelled.to_string();
  const auto failed = hocket::testing::fail_each_operation(scenario);
  EXPECT_TRUE(failed.none()) << failed.to_string();
  const auto starved = hocket::testing::fail_each_allocation(scenario);
  EXPECT_TRUE(starved.none()) << starved.to_string();
  EXPECT_EQ(hocket::testing::content_of(there), "text");
}

coro<void> transfer_between_accounts() {
  int one = 100;
  int other = 0;
  lock both;
  auto transfer = [&](int amount) -> coro<void> {
    const auto held = co_await both.scoped_lock();
    const int before = one;
    co_await hocket::sleep(0s);
    one = before - amount;
    other += amount;
  };
  co_await gather(transfer(1), transfer(2));
  if (one + other != 100) throw std::runtime_error("the sum has changed");
}

TEST(documented_examples, every_order) { hocket::testing::for_each_order(transfer_between_accounts); }

HOCKET_TEST(documented_examples, an_item_meant_for_a_cancelled_getter_goes_to_the_next_one) {
  queue<int> jobs;
  auto first = create_task(jobs.get());
  auto second = create_task(jobs.get());
  co_await hocket::testing::wait_all_tasks_blocked();

  jobs.put_nowait(7);  // wakes `first`, which has not run yet
  first.cancel();

  EXPECT_EQ(co_await second, 7);
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(first));
}

}  // namespace
