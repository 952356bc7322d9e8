// What other threads may ask of a loop: how much at once, and until when.

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;

namespace {

coro<void> nothing() { co_return; }

/// Threads that ask a loop for coroutines, as fast as they can, until they are told to stop.
class flood {
 public:
  flood(hocket::loop& target, int count) {
    for (int n = 0; n < count; ++n) threads_.emplace_back([this, &target] { ask(target); });
  }
  ~flood() { stop(); }

  void stop() {
    stopping_ = true;
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }
  /// Waits until a call was refused because the loop ends.
  void wait_until_refused() const {
    while (refused_ == 0) std::this_thread::yield();
  }
  [[nodiscard]] std::size_t accepted() const noexcept { return accepted_; }

 private:
  void ask(hocket::loop& target) {
    while (!stopping_) {
      try {
        static_cast<void>(hocket::run_coroutine_threadsafe(target, nothing));
        ++accepted_;
      } catch (const hocket::loop_full&) {
        std::this_thread::yield();
      } catch (const hocket::loop_closed&) {
        ++refused_;
      }
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> accepted_{0};
  std::atomic<std::size_t> refused_{0};
  std::vector<std::thread> threads_;
};

class calls_from_threads : public testing::TestWithParam<hocket::backend_kind> {
 protected:
  void SetUp() override {
    if (GetParam() == hocket::backend_kind::io_uring && !hocket::io_uring_works() &&
        std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr)
      GTEST_SKIP() << "io_uring is forbidden here";
  }
  static hocket::run_options options() { return {.backend = GetParam()}; }
};

}  // namespace

TEST_P(calls_from_threads, that_never_stop_keep_neither_main_nor_the_end_of_a_run_from_ending) {
  hocket::runner running(options());
  flood calls(running.get_loop(), 4);
  running.run(hocket::sleep(5ms));
  running.close();
  calls.wait_until_refused();
  calls.stop();
  EXPECT_GT(calls.accepted(), 0U);
}

TEST_P(calls_from_threads, that_never_stop_leave_time_for_timers) {
  hocket::runner running(options());
  flood calls(running.get_loop(), 4);
  const auto many_timers = []() -> coro<int> {
    int fired = 0;
    for (; fired < 20; ++fired) co_await hocket::sleep(1ms);
    co_return fired;
  };
  EXPECT_EQ(running.run(many_timers()), 20);
}

TEST_P(calls_from_threads, are_refused_while_the_run_ends_and_after_it) {
  hocket::runner running(options());
  hocket::loop& loop = running.get_loop();
  std::string refusal;
  const auto ask = [&] {
    try {
      loop.call_soon_threadsafe([] {});
      refusal = "none";
    } catch (const hocket::loop_closed& closed) {
      refusal = closed.what();
    }
  };
  const auto cleaning_up = [&]() -> coro<void> {
    try {
      co_await hocket::sleep(1h);
    } catch (const hocket::cancelled&) {
      std::thread(ask).join();
    }
  };
  running.run([](auto work) -> coro<void> {
    hocket::create_task(std::move(work));
    co_await hocket::sleep(0s);
  }(cleaning_up()));
  running.close();
  EXPECT_EQ(refusal, "the event loop is shutting down");
  std::thread(ask).join();
  EXPECT_EQ(refusal, "the event loop is closed");
}

TEST_P(calls_from_threads, are_refused_when_too_many_wait_and_taken_again_when_the_loop_has_come_to_them) {
  hocket::loop loop({.backend = GetParam(), .most_calls_from_threads = 3});
  int called = 0;
  const auto call = [&] { loop.call_soon_threadsafe([&] { ++called; }); };
  std::thread([&] {
    for (int n = 0; n < 3; ++n) call();
    EXPECT_THROW(call(), hocket::loop_full);
  }).join();
  loop.stop();
  loop.run_forever();
  std::thread(call).join();
  loop.stop();
  loop.run_forever();
  EXPECT_EQ(called, 4);
}

TEST_P(calls_from_threads, are_not_counted_on_the_thread_of_the_loop) {
  hocket::loop loop({.backend = GetParam(), .most_calls_from_threads = 3});
  int called = 0;
  loop.call_soon([&] {
    for (int n = 0; n < 100; ++n) loop.call_soon_threadsafe([&] { ++called; });
    loop.call_soon_threadsafe([&] { loop.stop(); });
  });
  loop.run_forever();
  EXPECT_EQ(called, 100);
}

TEST_P(calls_from_threads, that_could_not_be_made_leave_their_room_to_others) {
  struct broken_when_moved {
    broken_when_moved() = default;
    broken_when_moved(broken_when_moved&&) { throw std::runtime_error("moved"); }
    void operator()() const {}
  };
  hocket::loop loop({.backend = GetParam(), .most_calls_from_threads = 3});
  std::thread([&] {
    for (int n = 0; n < 3; ++n) EXPECT_THROW(loop.call_soon_threadsafe(broken_when_moved{}), std::runtime_error);
    EXPECT_NO_THROW(loop.call_soon_threadsafe([] {}));
  }).join();
}

TEST_P(calls_from_threads, find_room_again_however_little_there_is) {
  hocket::loop loop({.backend = GetParam(), .most_calls_from_threads = 1});
  constexpr int each = 20'000;
  int called = 0;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&] {
      for (int asked = 0; asked < each;) {
        try {
          loop.call_soon_threadsafe([&] {
            if (++called == 4 * each) loop.stop();
          });
          ++asked;
        } catch (const hocket::loop_full&) {
          std::this_thread::yield();
        }
      }
    });
  loop.run_forever();
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(called, 4 * each);
}

TEST_P(calls_from_threads, may_be_cancelled_while_the_loop_is_closed) {
  for (int round = 0; round < 200; ++round) {
    hocket::loop loop({.backend = GetParam()});
    std::vector<hocket::concurrent_future<void>> futures;
    for (int n = 0; n < 200; ++n) futures.push_back(hocket::run_coroutine_threadsafe(loop, nothing));
    std::atomic<bool> begun = false;
    std::thread canceller([&] {
      begun = true;
      for (auto& each : futures) EXPECT_NO_THROW(each.cancel());
    });
    while (!begun) std::this_thread::yield();
    loop.close();
    canceller.join();
  }
}

// ---- a loop that is made on one thread and run on another

TEST_P(calls_from_threads, a_runner_that_runs_elsewhere_shares_no_context_with_its_maker) {
  static hocket::context_var<int> number("number", 0);
  const auto copy_often = [] {
    std::vector<hocket::context> copies;
    for (int n = 0; n < 100'000; ++n) {
      copies.push_back(hocket::copy_context());
      if (copies.size() == 10) copies.clear();
    }
  };
  auto before = number.set(1);
  {
    hocket::runner running(options());
    std::thread other([&] {
      running.run([](auto copy) -> coro<void> {
        copy();
        EXPECT_EQ(number.get(), 1);
        co_return;
      }(copy_often));
    });
    copy_often();
    other.join();
  }
  number.reset(before);
}

TEST_P(calls_from_threads, a_loop_that_runs_elsewhere_tells_its_own_handler_what_nobody_looked_at) {
  hocket::loop loop({.backend = GetParam()});
  std::vector<std::string> told;
  loop.set_exception_handler([&](const hocket::exception_context& context) { told.push_back(context.message); });
  std::thread([&] {
    const auto main = []() -> coro<void> {
      hocket::create_task(
          []() -> coro<void> {
            throw hocket::error("lost");
            co_return;
          }(),
          {.name = "loser"});
      co_await hocket::sleep(0s);
      co_await hocket::sleep(0s);
    };
    hocket::run_until_complete(loop, main());
  }).join();
  EXPECT_EQ(told, std::vector<std::string>{"task 'loser' failed and nobody looked at its exception"});
}

TEST_P(calls_from_threads, a_loop_that_is_gone_is_not_told) {
  hocket::task<void> left;
  testing::internal::CaptureStderr();
  {
    hocket::loop loop({.backend = GetParam()});
    loop.set_exception_handler([&](const hocket::exception_context&) { ADD_FAILURE() << "told of a dead loop"; });
    const auto main = [&]() -> coro<void> {
      left = hocket::create_task([]() -> coro<void> {
        throw hocket::error("lost");
        co_return;
      }());
      co_await hocket::sleep(0s);
      co_await hocket::sleep(0s);
    };
    hocket::run_until_complete(loop, main());
  }
  left = {};
  EXPECT_NE(testing::internal::GetCapturedStderr().find("nobody looked at its exception: lost"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(, calls_from_threads,
                         testing::Values(hocket::backend_kind::epoll, hocket::backend_kind::io_uring),
                         [](const auto& given) {
                           return given.param == hocket::backend_kind::epoll ? "on_epoll" : "on_io_uring";
                         });
