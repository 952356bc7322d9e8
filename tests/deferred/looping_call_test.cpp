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

HOCKET_TEST(coiterate, cancelled_takes_no_further_step) {
  std::vector<long> at;
  const auto whole = hocket::coiterate(waits(at)).add_errback([](const std::exception_ptr&) {});
  co_await hocket::sleep(1500ms);
  whole.cancel();
  co_await hocket::sleep(5s);
  EXPECT_EQ(at, (std::vector{1L}));
}

}  // namespace
