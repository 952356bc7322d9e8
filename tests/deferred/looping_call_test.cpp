#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/deferred.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::deferred;
using hocket::generator;
using hocket::loop;

namespace {

coro<void> slow_to_end(std::string& order) {
  try {
    co_await hocket::sleep(1h);
  } catch (const hocket::cancelled&) {
    order += "asked; ";
  }
  co_await hocket::sleep(1s);
  order += "ended; ";
}

HOCKET_TEST(looping_call, calls_at_the_multiples_of_its_interval) {
  std::vector<long> at;
  const auto begin = loop::running().time();
  hocket::looping_call tick([&] { at.push_back((loop::running().time() - begin) / 1s); });
  auto ended = tick.start(2s);
  co_await hocket::sleep(5s);
  tick.stop();
  co_await ended;
  co_await hocket::sleep(5s);
  EXPECT_EQ(at, (std::vector{0L, 2L, 4L}));
  EXPECT_FALSE(tick.running());
}

HOCKET_TEST(looping_call, misses_those_that_its_work_takes_and_shifts_no_other) {
  std::vector<std::string> calls;
  const auto begin = loop::running().time();
  hocket::looping_call* self = nullptr;
  hocket::looping_call slow([&] {
    calls.push_back(std::to_string((loop::running().time() - begin) / 1s) + "/" + std::to_string(self->count()));
    return hocket::defer_later(5s, [] {});
  });
  self = &slow;
  auto ended = slow.start(2s, false);
  co_await hocket::sleep(17s);
  slow.stop();
  co_await ended;
  co_await hocket::sleep(5s);  // the last one is still under way
  EXPECT_EQ(calls, (std::vector<std::string>{"2/1", "8/3", "14/3"}));
}

HOCKET_TEST(looping_call, fails_with_what_a_call_throws_and_may_be_started_again) {
  int left = 2;
  hocket::looping_call tick([&left] {
    if (left-- == 0) throw std::runtime_error("enough");
  });
  auto ended = tick.start(1s);
  EXPECT_THROW(static_cast<void>(tick.start(1s)), hocket::invalid_state_error);
  EXPECT_THROW(co_await ended, std::runtime_error);
  EXPECT_FALSE(tick.running());
  left = 5;
  auto again = tick.start(1s);
  tick.stop();
  co_await again;
}

HOCKET_TEST(looping_call, stopped_waits_for_the_call_under_way) {
  const deferred<> slow;
  hocket::looping_call tick([&slow] { return slow; });
  bool is_over = false;
  const auto ended = tick.start(1s).add_callback([&is_over] { is_over = true; });
  tick.stop();
  EXPECT_FALSE(tick.running());
  EXPECT_FALSE(is_over);
  EXPECT_THROW(static_cast<void>(tick.start(1s)), hocket::invalid_state_error);
  slow.callback();
  EXPECT_TRUE(is_over);
  co_await ended;
}

HOCKET_TEST(looping_call, stopped_fails_with_the_error_of_the_call_under_way) {
  const deferred<> slow;
  hocket::looping_call tick([&slow] { return slow; });
  auto ended = tick.start(1s);
  tick.stop();
  slow.errback(std::runtime_error("the last one"));
  EXPECT_THROW(co_await ended, std::runtime_error);
}

HOCKET_TEST(looping_call, may_be_stopped_by_its_own_call) {
  int calls = 0;
  std::optional<hocket::looping_call> tick;
  tick.emplace([&] {
    ++calls;
    tick->stop();
  });
  co_await tick->start(1s);
  EXPECT_EQ(calls, 1);
}

HOCKET_TEST(looping_call, cancelled_cancels_the_call_under_way_and_waits_for_it) {
  std::string order;
  hocket::looping_call tick([&order] { return hocket::ensure_deferred(slow_to_end(order)); });
  const auto ended = tick.start(1s).add_errback(
      [&order](const std::exception_ptr& error) { order += hocket::is_cancelled(error) ? "cancelled" : "failed"; });
  co_await hocket::sleep(1s);
  ended.cancel();
  ended.cancel();
  EXPECT_FALSE(tick.running());
  co_await ended;
  EXPECT_EQ(order, "asked; ended; cancelled");
}

HOCKET_TEST(looping_call, cancelled_between_calls_has_its_result_at_once) {
  hocket::looping_call tick([] {});
  bool was_cancelled = false;
  tick.start(1s)
      .add_errback([&was_cancelled](const std::exception_ptr& error) { was_cancelled = hocket::is_cancelled(error); })
      .cancel();
  EXPECT_TRUE(was_cancelled);
  EXPECT_FALSE(tick.running());
  co_return;
}

HOCKET_TEST(looping_call, cancelled_by_its_own_call_cancels_what_that_defers) {
  std::string order;
  std::optional<deferred<>> ended;
  hocket::looping_call tick([&] {
    ended->cancel();
    return hocket::ensure_deferred(slow_to_end(order));
  });
  ended = tick.start(1s, false).add_errback(
      [&order](const std::exception_ptr& error) { order += hocket::is_cancelled(error) ? "cancelled" : "failed"; });
  co_await *ended;
  EXPECT_EQ(order, "cancelled") << "before it had begun";
}

HOCKET_TEST(looping_call, is_stopped_with_its_owner) {
  std::optional<deferred<>> ended;
  {
    hocket::looping_call tick([] {});
    ended = tick.start(1s);
  }
  EXPECT_TRUE(ended->called());
  co_return;
}

generator<deferred<>> steps(std::vector<std::string>& seen, std::string name, int count) {
  for (int n = 0; n < count; ++n) {
    seen.push_back(name + std::to_string(n));
    co_yield hocket::succeed();
  }
}

HOCKET_TEST(coiterate, takes_steps_in_turns) {
  std::vector<std::string> seen;
  auto both = hocket::gather_results(
      std::vector{hocket::coiterate(steps(seen, "a", 3)), hocket::coiterate(steps(seen, "b", 2))});
  co_await both;
  EXPECT_EQ(seen, (std::vector<std::string>{"a0", "b0", "a1", "b1", "a2"}));
}

generator<deferred<>> waits(std::vector<long>& at) {
  const auto begin = loop::running().time();
  for (int n = 0; n < 3; ++n) {
    co_yield hocket::defer_later(1s, [] {});
    at.push_back((loop::running().time() - begin) / 1s);
  }
}

HOCKET_TEST(coiterate, waits_for_what_is_yielded) {
  std::vector<long> at;
  co_await hocket::coiterate(waits(at));
  EXPECT_EQ(at, (std::vector{1L, 2L, 3L}));
}

generator<deferred<>> breaks() { co_yield hocket::fail(std::make_exception_ptr(std::runtime_error("yielded"))); }

HOCKET_TEST(coiterate, fails_with_a_deferred_that_fails) {
  EXPECT_THROW(co_await hocket::coiterate(breaks()), std::runtime_error);
}

generator<deferred<>> waits_for_one(std::string& order) { co_yield hocket::ensure_deferred(slow_to_end(order)); }

HOCKET_TEST(coiterate, cancelled_waits_for_the_end_of_what_it_cancels) {
  std::string order;
  const auto whole = hocket::coiterate(waits_for_one(order)).add_errback([&order](const std::exception_ptr& error) {
    order += hocket::is_cancelled(error) ? "cancelled" : "failed";
  });
  co_await hocket::sleep(1s);
  whole.cancel();
  co_await whole;
  EXPECT_EQ(order, "asked; ended; cancelled");
}

HOCKET_TEST(coiterate, cancelled_takes_no_further_step) {
  std::vector<long> at;
  const auto whole = hocket::coiterate(waits(at)).add_errback([](const std::exception_ptr&) {});
  co_await hocket::sleep(1500ms);
  whole.cancel();
  co_await hocket::sleep(5s);
  EXPECT_EQ(at, (std::vector{1L}));
}

HOCKET_TEST(looping_call, runs_a_coroutine_function_to_its_end_before_it_calls_it_again) {
  int begun = 0;
  int ended = 0;
  hocket::looping_call tick([&]() -> coro<void> {
    ++begun;
    co_await hocket::sleep(1500ms);
    ++ended;
  });
  const auto whole = tick.start(1s);
  co_await hocket::sleep(3s);
  EXPECT_EQ(begun, 2);
  tick.stop();
  co_await whole;
  EXPECT_EQ(ended, 2);
}

}  // namespace
