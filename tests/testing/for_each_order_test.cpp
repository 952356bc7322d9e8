#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/for_each_order.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::testing::for_each_order;

namespace {

hocket::coro<std::string> order_of_three_tasks() {
  std::string order;
  auto note = [&](char name) -> hocket::coro<void> {
    order += name;
    co_return;
  };
  auto a = hocket::create_task(note('a'));
  auto b = hocket::create_task(note('b'));
  auto c = hocket::create_task(note('c'));
  co_await a;
  co_await b;
  co_await c;
  co_return order;
}

TEST(for_each_order, runs_what_is_ready_in_every_order) {
  std::set<std::string> seen;
  for_each_order([&]() -> hocket::coro<void> { seen.insert(co_await order_of_three_tasks()); });
  EXPECT_EQ(seen.size(), 6U);
}

TEST(for_each_order, gives_one_order_for_one_seed) {
  std::vector<std::string> orders;
  for (int run = 0; run < 2; ++run)
    for_each_order([&]() -> hocket::coro<void> { orders.push_back(co_await order_of_three_tasks()); }, 10);
  ASSERT_EQ(orders.size(), 20U);
  for (std::size_t n = 0; n < 10; ++n) EXPECT_EQ(orders[n], orders[n + 10]);
}

TEST(for_each_order, leaves_the_order_alone_without_shuffle) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) EXPECT_EQ(hocket::run(order_of_three_tasks(), {.seed = seed}), "abc");
}

std::string message_of_a_failure() {
  const auto leans_on_an_order = []() -> hocket::coro<void> {
    if (co_await order_of_three_tasks() == "cba") throw std::runtime_error("never tried");
  };
  try {
    for_each_order(leans_on_an_order);
  } catch (const hocket::error& problem) {
    return problem.what();
  }
  return "";
}

std::string seed_in(const std::string& message) {
  const std::size_t begin = message.find("HOCKET_TEST_SEED=") + 17;
  return message.substr(begin, message.find(' ', begin) - begin);
}

TEST(for_each_order, names_the_seed_that_fails) {
  const std::string message = message_of_a_failure();
  ASSERT_FALSE(message.empty());
  EXPECT_TRUE(message.starts_with("seed " + seed_in(message))) << message;
  EXPECT_TRUE(message.ends_with(": never tried")) << message;
}

TEST(for_each_order, runs_only_the_seed_in_the_environment) {
  const std::string seed = seed_in(message_of_a_failure());
  ::setenv("HOCKET_TEST_SEED", seed.c_str(), 1);
  std::vector<std::string> orders;
  for_each_order([&]() -> hocket::coro<void> { orders.push_back(co_await order_of_three_tasks()); });
  ::unsetenv("HOCKET_TEST_SEED");
  EXPECT_EQ(orders, std::vector<std::string>{"cba"});
}

TEST(for_each_order, notices_what_is_left_behind) {
  const auto careless = []() -> hocket::coro<void> {
    hocket::create_task(hocket::sleep(1h));
    co_return;
  };
  EXPECT_THROW(for_each_order(careless, 1), hocket::error);
}

TEST(for_each_order, runs_no_callback_that_another_one_of_the_same_turn_cancelled) {
  for_each_order([]() -> hocket::coro<void> {
    int ran = 0;
    hocket::handle first;
    hocket::handle second;
    hocket::loop& loop = hocket::loop::running();
    first = loop.call_soon([&] {
      ++ran;
      second.cancel();
    });
    second = loop.call_soon([&] {
      ++ran;
      first.cancel();
    });
    co_await hocket::sleep(1s);
    EXPECT_EQ(ran, 1);
  });
}

HOCKET_TEST_IN_EACH_ORDER(in_each_order, a_set_event_wakes_everybody) {
  hocket::event happened;
  int woken = 0;
  auto wait = [&]() -> hocket::coro<void> {
    co_await happened.wait();
    ++woken;
  };
  hocket::loop::running().call_later(1s, [&] { happened.set(); });
  co_await hocket::gather(wait(), wait(), wait());
  EXPECT_EQ(woken, 3);
}

TEST(for_each_order, begins_the_coroutines_of_a_gather_in_every_order) {
  std::set<std::string> of_arguments;
  std::set<std::string> of_a_vector;
  for_each_order([&]() -> hocket::coro<void> {
    std::string order;
    auto note = [&](char name) -> hocket::coro<void> {
      order += name;
      co_return;
    };
    co_await hocket::gather(note('a'), note('b'), note('c'));
    of_arguments.insert(std::exchange(order, {}));
    std::vector<hocket::coro<void>> works;
    for (const char name : {'a', 'b', 'c'}) works.push_back(note(name));
    co_await hocket::gather(std::move(works));
    of_a_vector.insert(order);
  });
  EXPECT_EQ(of_arguments.size(), 6U);
  EXPECT_EQ(of_a_vector.size(), 6U);
}

}  // namespace
