#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/deferred.hpp>
#include <hocket/testing/test.hpp>

using hocket::deferred;

namespace {

TEST(deferred_semaphore, gives_its_tokens_in_the_order_in_which_they_were_asked_for) {
  const hocket::deferred_semaphore tokens(2);
  std::vector<int> order;
  for (int n = 0; n < 4; ++n) tokens.acquire().add_callback([&order, n] { order.push_back(n); });
  EXPECT_EQ(order, (std::vector{0, 1}));
  EXPECT_EQ(tokens.waiting(), 2U);
  tokens.release();
  tokens.release();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
  tokens.release();
  tokens.release();
  EXPECT_EQ(tokens.tokens(), 2U);
  EXPECT_THROW(tokens.release(), hocket::invalid_state_error);
}

TEST(deferred_semaphore, who_is_cancelled_leaves_the_line) {
  const hocket::deferred_semaphore tokens(1);
  static_cast<void>(tokens.acquire());
  const auto impatient = tokens.acquire().add_errback([](const std::exception_ptr&) {});
  bool second = false;
  tokens.acquire().add_callback([&second] { second = true; });
  impatient.cancel();
  EXPECT_EQ(tokens.waiting(), 1U);
  tokens.release();
  EXPECT_TRUE(second);
}

TEST(deferred_lock, runs_one_at_a_time_and_lets_go_however_that_ends) {
  const hocket::deferred_lock lock;
  const deferred<int> first;
  std::string seen;
  lock.run([&first] { return first; }).add_errback([&seen](const std::exception_ptr&) {
    seen += "first failed; ";
    return 0;
  });
  lock.run([] { return 2; }).add_callback([&seen](int n) { seen += std::to_string(n); });
  EXPECT_TRUE(lock.locked());
  EXPECT_EQ(seen, "");
  first.errback(std::runtime_error("no"));
  EXPECT_EQ(seen.find("2") != std::string::npos, true);
  EXPECT_FALSE(lock.locked());
}

TEST(deferred_lock, serves_a_long_line_without_nesting) {
  const hocket::deferred_lock lock;
  static_cast<void>(lock.acquire());
  int served = 0;
  for (int n = 0; n < 100'000; ++n) lock.run([&served] { ++served; });
  lock.release();
  EXPECT_EQ(served, 100'000);
  EXPECT_FALSE(lock.locked());
}

TEST(deferred_queue, gives_items_to_those_who_wait_and_keeps_the_rest) {
  hocket::deferred_queue<int> items;
  std::vector<int> got;
  const auto take = [&] { items.get().add_callback([&got](int n) { got.push_back(n); }); };
  take();
  items.put(1);
  items.put(2);
  EXPECT_EQ(got, (std::vector{1}));
  EXPECT_EQ(items.pending(), 1U);
  take();
  EXPECT_EQ(got, (std::vector{1, 2}));
}

TEST(deferred_queue, refuses_what_is_too_much) {
  hocket::deferred_queue<int> items(1, 1);
  items.put(1);
  EXPECT_THROW(items.put(2), hocket::queue_overflow);
  items.get().add_callback([](int) {});
  const auto waits = items.get();
  EXPECT_THROW(static_cast<void>(items.get()), hocket::queue_underflow);
  EXPECT_EQ(items.waiting(), 1U);
}

}  // namespace
