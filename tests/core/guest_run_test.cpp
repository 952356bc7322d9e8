// Runs inside of another loop, which here is a few lines around poll(2).

#include <atomic>
#include <cerrno>
#include <csignal>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/guest_run.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/leak_check.hpp>
#include <hocket/testing/virtual_clock.hpp>

using namespace std::chrono_literals;
using hocket::backend_kind;
using hocket::coro;
using hocket::create_task;
using hocket::guest_run;
using hocket::loop;
using hocket::run_options;

namespace {

template <class T>
using outcome = std::expected<T, std::exception_ptr>;

constexpr int patience = 60'000;  // milliseconds; a run that takes as long is stuck

std::vector<backend_kind> host_backends() {
  std::vector<backend_kind> all{backend_kind::epoll};
  if (hocket::io_uring_works()) all.push_back(backend_kind::io_uring);
  return all;
}

/// False if nothing comes.
bool poll(int number, int limit = patience) {
  pollfd state{.fd = number, .events = POLLIN, .revents = 0};
  int count = 0;
  do count = ::poll(&state, 1, limit);
  while (count < 0 && errno == EINTR);
  return count > 0;
}

/// The host: polls, and lets the guest run, until the run has ended.
void host(guest_run& guest, const std::function<void()>& after_each = {}) {
  while (!guest.is_done()) {
    if (!poll(guest.descriptor())) {
      ADD_FAILURE() << "the guest's descriptor did not become readable";
      std::abort();
    }
    guest.run_ready();
    if (after_each) after_each();
  }
}

/// The host until the guest has nothing to do.
void host_until_idle(guest_run& guest) {
  while (!guest.is_done() && poll(guest.descriptor(), 0)) guest.run_ready();
}

/// Each test once on each backend, after which nothing must be left.
void on_each(const std::function<void(const run_options&)>& test) {
  for (const backend_kind kind : host_backends()) {
    SCOPED_TRACE(hocket::testing::name_of(kind));
    const hocket::testing::leak_check check;
    test({.backend = kind});
    EXPECT_TRUE(check.left().none()) << check.left().to_string();
  }
}

coro<int> seven() { co_return 7; }
coro<void> wait_for_ever() { co_await hocket::future<void>(); }

/// What the guest's main coroutine comes to.
template <class Awaitable>
auto host_to_the_end(Awaitable main, const run_options& options, const std::function<void()>& after_each = {}) {
  using value = hocket::await_result_t<Awaitable>;
  std::optional<outcome<value>> result;
  guest_run guest(std::move(main), [&](outcome<value> ended) { result = std::move(ended); }, options);
  host(guest, after_each);
  return *std::move(result);
}

std::string words_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const hocket::cancelled&) {
    return "cancelled";
  } catch (const std::exception& known) {
    return known.what();
  }
}

template <class Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const hocket::invalid_state_error& refused) {
    return refused.what();
  }
  return "none";
}

void ignore(const outcome<void>&) {}

}  // namespace

TEST(guest_run, runs_the_main_coroutine_and_tells_its_result) {
  on_each([](const run_options& options) { EXPECT_EQ(host_to_the_end(seven(), options).value(), 7); });
}

TEST(guest_run, tells_what_the_main_coroutine_throws) {
  on_each([](const run_options& options) {
    const auto fail = []() -> coro<void> {
      co_await hocket::sleep(0s);
      throw std::runtime_error("no");
    };
    EXPECT_EQ(words_of(host_to_the_end(fail(), options).error()), "no");
  });
}

TEST(guest_run, does_nothing_before_the_first_run_ready) {
  on_each([](const run_options& options) {
    bool begun = false;
    bool ended = false;
    const auto main = [&]() -> coro<void> {
      begun = true;
      co_return;
    };
    guest_run guest(main(), [&](const outcome<void>&) { ended = true; }, options);
    EXPECT_FALSE(begun);
    EXPECT_TRUE(poll(guest.descriptor(), 0));
    host(guest);
    EXPECT_TRUE(begun);
    EXPECT_TRUE(ended);
    guest.run_ready();  // no effect
  });
}

TEST(guest_run, sleeps_by_its_descriptor_alone) {
  on_each([](const run_options& options) {
    std::string trace;
    const auto nap = [&](auto length, const char* name) -> coro<void> {
      co_await hocket::sleep(length);
      trace += name;
    };
    const auto main = [&]() -> coro<void> { co_await hocket::gather(nap(30ms, "c"), nap(10ms, "a"), nap(20ms, "b")); };
    static_cast<void>(host_to_the_end(main(), options));
    EXPECT_EQ(trace, "abc");
  });
}

TEST(guest_run, has_nothing_to_do_while_it_waits) {
  on_each([](const run_options& options) {
    const auto main = []() -> coro<void> {
      const auto sleeper = create_task(hocket::sleep(1h));
      co_await wait_for_ever();
    };
    guest_run guest(main(), ignore, options);
    host_until_idle(guest);
    EXPECT_FALSE(poll(guest.descriptor(), 0));
    const auto turns = guest.get_loop().counters().turns;
    guest.run_ready();  // without need: it returns
    EXPECT_LE(guest.get_loop().counters().turns, turns + 1);
    EXPECT_FALSE(poll(guest.descriptor(), 0));
  });
}

TEST(guest_run, gives_the_host_its_turn_while_it_is_busy) {
  on_each([](const run_options& options) {
    int turns_of_host = 0;
    const auto spin = []() -> coro<void> {
      for (int n = 0; n < 1000; ++n) co_await hocket::sleep(0s);
    };
    static_cast<void>(host_to_the_end(spin(), options, [&] { ++turns_of_host; }));
    EXPECT_GE(turns_of_host, 1000 / 64);
  });
}

TEST(guest_run, is_woken_by_calls_from_other_threads) {
  on_each([](const run_options& options) {
    std::atomic<int> calls{0};
    hocket::future<void>* all = nullptr;
    const auto main = [&]() -> coro<void> {
      hocket::future<void> done;
      all = &done;
      co_await done;
    };
    guest_run guest(main(), ignore, options);
    host_until_idle(guest);
    std::jthread other([&, &to = guest.get_loop()] {
      for (int n = 0; n < 100; ++n) {
        const int before = calls;
        to.call_soon_threadsafe([&] {
          if (++calls == 100) all->set_result();
        });
        while (n < 99 && calls == before) std::this_thread::yield();
      }
    });
    host(guest);
    EXPECT_EQ(calls, 100);
  });
}

TEST(guest_run, runs_coroutines_for_other_threads) {
  on_each([](const run_options& options) {
    guest_run guest(wait_for_ever(), ignore, options);
    std::atomic<int> answer{0};
    std::jthread other([&, &to = guest.get_loop()] {
      auto asked = hocket::run_coroutine_threadsafe(to, seven);
      answer = asked.result();
      to.call_soon_threadsafe([&guest] { guest.cancel(); });
    });
    host(guest);
    EXPECT_EQ(answer, 7);
  });
}

TEST(guest_run, waits_for_threads_of_its_own_pool) {
  on_each([](const run_options& options) {
    const auto main = []() -> coro<int> { co_return co_await hocket::to_thread([] { return 7; }); };
    EXPECT_EQ(host_to_the_end(main(), options).value(), 7);
  });
}

// ---- between the calls

TEST(guest_run, is_not_running_between_the_calls) {
  on_each([](const run_options& options) {
    loop* inside = nullptr;
    const auto main = [&]() -> coro<void> {
      inside = &loop::running();
      co_await hocket::sleep(1ms);
      EXPECT_EQ(inside, loop::running_or_null());
    };
    guest_run guest(main(), ignore, options);
    EXPECT_EQ(loop::running_or_null(), nullptr);
    host(guest, [&] {
      EXPECT_EQ(loop::running_or_null(), nullptr);
      if (!guest.is_done()) {
        EXPECT_TRUE(guest.get_loop().is_running());
      }
    });
    EXPECT_NE(inside, nullptr);
    EXPECT_EQ(hocket::run(seven()), 7);
  });
}

TEST(guest_run, lets_its_host_run_another_loop_between_the_calls) {
  on_each([](const run_options& options) {
    int ran = 0;
    static_cast<void>(host_to_the_end(hocket::sleep(2ms), options, [&] { ran += hocket::run(seven()); }));
    EXPECT_GE(ran, 7);
  });
}

TEST(guest_run, hears_of_what_its_host_does_between_the_calls) {
  on_each([](const run_options& options) {
    std::string trace;
    hocket::future<void>* awaited = nullptr;
    const auto main = [&]() -> coro<void> {
      for (int n = 0; n < 2; ++n) {
        hocket::future<void> next;
        awaited = &next;
        co_await next;
        trace += "set;";
      }
      co_await wait_for_ever();
    };
    guest_run guest(main(), [&](const outcome<void>& ended) { trace += words_of(ended.error()); }, options);
    const auto between = [&](auto act) {
      host_until_idle(guest);
      EXPECT_FALSE(poll(guest.descriptor(), 0));
      act();
      EXPECT_TRUE(poll(guest.descriptor()));
    };
    between([&] { guest.get_loop().call_soon([&] { trace += "called;"; }); });
    between([&] { guest.get_loop().call_later(0s, [&] { trace += "timer;"; }); });
    between([&] { awaited->set_result(); });
    between([&] { guest.get_loop().call_soon_threadsafe([&] { trace += "posted;"; }); });
    between([&] { awaited->set_result(); });
    between([&] { guest.cancel(); });
    host(guest);
    EXPECT_EQ(trace, "called;timer;set;posted;set;cancelled");
  });
}

TEST(guest_run, hears_of_a_timer_that_its_host_sets_nearer) {
  on_each([](const run_options& options) {
    hocket::timeout* limit = nullptr;
    const auto main = [&]() -> coro<void> {
      hocket::timeout bound(1h);
      limit = &bound;
      co_await bound.run(wait_for_ever());
    };
    std::string ended;
    guest_run guest(main(), [&](const outcome<void>& result) { ended = words_of(result.error()); }, options);
    host_until_idle(guest);
    limit->reschedule(guest.get_loop().time() + 1ms);
    host(guest);
    EXPECT_EQ(ended, "timed out");
  });
}

TEST(guest_run, hears_of_signals) {
  on_each([](const run_options& options) {
    int came = 0;
    guest_run guest(wait_for_ever(), ignore, options);
    guest.get_loop().add_signal_handler(SIGUSR1, [&] {
      if (++came == 2) guest.cancel();
    });
    host_until_idle(guest);
    ::raise(SIGUSR1);
    EXPECT_TRUE(poll(guest.descriptor()));
    host_until_idle(guest);
    EXPECT_EQ(came, 1);
    ::raise(SIGUSR1);
    host(guest);
  });
}

TEST(guest_run, is_cancelled_by_notify) {
  on_each([](const run_options& options) {
    std::string ended;
    guest_run guest(wait_for_ever(), [&](const outcome<void>& result) { ended = words_of(result.error()); }, options);
    host_until_idle(guest);
    guest.get_loop().notify();
    host(guest);
    EXPECT_EQ(ended, "cancelled");
  });
}

// ---- the end

TEST(guest_run, is_done_when_all_that_was_left_has_been_cancelled_and_has_ended) {
  on_each([](const run_options& options) {
    std::string trace;
    const auto left = [&]() -> coro<void> {
      try {
        co_await wait_for_ever();
      } catch (...) {
        trace += "cancelled;";
      }
      co_await hocket::sleep(2ms);
      trace += "cleaned up;";
    };
    const auto main = [&]() -> coro<int> {
      create_task(left());
      co_await hocket::sleep(0s);
      trace += "main;";
      co_return 7;
    };
    guest_run guest(main(), [&](const outcome<int>& ended) { trace += std::to_string(ended.value()) + ";"; }, options);
    host(guest, [] {});
    EXPECT_EQ(trace, "main;cancelled;cleaned up;7;");
  });
}

TEST(guest_run, closes_generators_and_waits_for_the_pool_at_its_end_without_holding_up_the_host) {
  on_each([](const run_options& options) {
    std::atomic<bool> may_return{false};
    std::string trace;
    const auto numbers = [&]() -> hocket::async_generator<int> {
      struct told {
        std::string& trace;
        ~told() { trace += "closed;"; }
      } at_the_end{trace};
      for (int n = 0;; ++n) co_yield n;
    };
    auto generator = numbers();
    const auto main = [&]() -> coro<void> {
      static_cast<void>(co_await generator.next());
      create_task(hocket::to_thread(hocket::abandon_on_cancel, [&may_return] {
        while (!may_return) std::this_thread::yield();
      }));
      co_await hocket::sleep(1ms);
    };
    int turns_at_the_end = 0;
    guest_run guest(main(), [&](const outcome<void>&) { trace += "done;"; }, options);
    host(guest, [&] {
      if (trace == "closed;" && ++turns_at_the_end == 5) may_return = true;
    });
    EXPECT_EQ(trace, "closed;done;");
  });
}

TEST(guest_run, refuses_calls_of_other_threads_once_it_comes_to_its_end) {
  on_each([](const run_options& options) {
    loop* of_guest = nullptr;
    std::string why;
    const auto left = [&]() -> coro<void> {
      try {
        co_await wait_for_ever();
      } catch (...) {
      }
      std::thread([&] { why = refusal([&] { of_guest->call_soon_threadsafe([] {}); }); }).join();
    };
    const auto main = [&]() -> coro<void> {
      of_guest = &loop::running();
      create_task(left());
      co_await hocket::sleep(0s);
    };
    static_cast<void>(host_to_the_end(main(), options));
    EXPECT_EQ(why, "the event loop is shutting down");
  });
}

TEST(guest_run, may_be_destroyed_by_who_is_told_that_it_is_done) {
  on_each([](const run_options& options) {
    std::unique_ptr<guest_run> guest;
    bool done = false;
    guest = std::make_unique<guest_run>(
        hocket::sleep(1ms),
        [&](const outcome<void>&) {
          done = true;
          guest.reset();
        },
        options);
    while (guest != nullptr) {
      EXPECT_TRUE(poll(guest->descriptor()));
      guest->run_ready();
    }
    EXPECT_TRUE(done);
  });
}

TEST(guest_run, destroyed_in_the_middle_cancels_all_and_waits_for_it) {
  on_each([](const run_options& options) {
    std::string trace;
    const auto main = [&]() -> coro<void> {
      try {
        co_await wait_for_ever();
      } catch (...) {
        trace += "cancelled;";
      }
      co_await hocket::sleep(1ms);
      trace += "cleaned up;";
    };
    {
      guest_run guest(main(), [&](const outcome<void>&) { trace += "done;"; }, options);
      host_until_idle(guest);
    }
    EXPECT_EQ(trace, "cancelled;cleaned up;");
  });
}

TEST(guest_run, destroyed_before_it_began_runs_nothing) {
  on_each([](const run_options& options) {
    bool begun = false;
    const auto main = [&]() -> coro<void> {
      begun = true;
      co_return;
    };
    static_cast<void>(guest_run(main(), ignore, options));
    EXPECT_FALSE(begun);
  });
}

TEST(guest_run, whose_loop_is_stopped_cancels_its_main_task) {
  on_each([](const run_options& options) {
    const auto main = []() -> coro<void> {
      loop::running().stop();
      co_await wait_for_ever();
    };
    EXPECT_EQ(words_of(host_to_the_end(main(), options).error()), "cancelled");
  });
}

TEST(guest_run, passes_on_what_done_throws) {
  on_each([](const run_options& options) {
    guest_run guest(seven(), [](const outcome<int>&) { throw std::runtime_error("done"); }, options);
    EXPECT_THROW(host(guest), std::runtime_error);
    EXPECT_TRUE(guest.is_done());
    EXPECT_EQ(refusal([&] { static_cast<void>(guest.get_loop()); }), "the runner is closed");
  });
}

TEST(guest_run, goes_on_after_a_run_ready_that_threw) {
  on_each([](const run_options& options) {
    const auto count = [](int& seen) -> coro<int> {
      for (; seen < 3; ++seen) co_await hocket::sleep(1ms);
      co_return seen;
    };
    int seen = 0;
    int called = 0;
    std::optional<outcome<int>> result;
    guest_run guest(count(seen), [&](outcome<int> ended) { result = std::move(ended); }, options);
    loop& inside = guest.get_loop();
    host_until_idle(guest);
    inside.set_notification([] { throw std::runtime_error("a notification failed"); });
    inside.call_soon([&] { ++called; });
    inside.notify();
    EXPECT_TRUE(poll(guest.descriptor()));
    EXPECT_THROW(guest.run_ready(), std::runtime_error);
    EXPECT_EQ(loop::running_or_null(), nullptr);
    EXPECT_TRUE(poll(guest.descriptor(), 0));  // something may be left to do
    inside.notify();
    EXPECT_THROW(host(guest), std::runtime_error);  // and once more
    inside.set_notification({});
    std::jthread other([&inside, &called] { inside.call_soon_threadsafe([&called] { ++called; }); });
    other.join();
    host(guest);
    EXPECT_EQ(called, 2);
    EXPECT_EQ(result.value().value(), 3);
  });
}

TEST(guest_run, that_threw_in_run_ready_is_cancelled_by_its_destructor) {
  on_each([](const run_options& options) {
    bool was_cancelled = false;
    const auto wait = [](bool& noted) -> coro<void> {
      try {
        co_await wait_for_ever();
      } catch (const hocket::cancelled&) {
        noted = true;
        throw;
      }
    };
    {
      guest_run guest(wait(was_cancelled), ignore, options);
      host_until_idle(guest);
      guest.get_loop().set_notification([] { throw std::runtime_error("a notification failed"); });
      guest.get_loop().notify();
      EXPECT_THROW(guest.run_ready(), std::runtime_error);
    }
    EXPECT_TRUE(was_cancelled);
  });
}

// ---- what cannot be

TEST(guest_run, is_refused_on_a_backend_that_has_no_descriptor) {
  for (const auto& [kind, name] : {std::pair{backend_kind::poll, "poll"}, {backend_kind::select, "select"}}) {
    const hocket::testing::leak_check check;
    EXPECT_EQ(refusal([&] { guest_run(seven(), [](const outcome<int>&) {}, {.backend = kind}); }),
              "a loop on the backend '" + std::string(name) +
                  "' cannot be inside of another one, which must have a descriptor to poll: use 'epoll' or 'io_uring' "
                  "(HOCKET_BACKEND)");
    EXPECT_TRUE(check.left().none()) << check.left().to_string();
  }
}

TEST(guest_run, is_refused_under_another_clock) {
  hocket::testing::virtual_clock time;
  EXPECT_EQ(refusal([&] { guest_run(seven(), [](const outcome<int>&) {}, {.clock = &time}); }),
            "a loop inside of another one keeps real time, not that of a clock");
}

TEST(guest_run, is_not_run_inside_of_itself_or_by_others) {
  on_each([](const run_options& options) {
    std::string of_itself;
    guest_run* running = nullptr;
    const auto main = [&]() -> coro<void> {
      of_itself = refusal([&] { running->run_ready(); });
      co_await hocket::sleep(1ms);
    };
    guest_run guest(main(), ignore, options);
    running = &guest;
    EXPECT_EQ(refusal([&] { guest.get_loop().run_forever(); }),
              "this event loop is inside of another one, which runs it");
    host(guest);
    EXPECT_EQ(of_itself, "this thread is running an event loop already");
  });
}

TEST(guest_run, is_refused_inside_of_a_loop) {
  const auto main = []() -> coro<std::string> {
    co_return refusal([] { guest_run(seven(), [](const outcome<int>&) {}); });
  };
  EXPECT_EQ(hocket::run(main()), "this thread is running an event loop already");
}
