// Every primitive, under every interference, on every backend: whatever is cancelled or fails, a run ends by itself and leaves
// nothing behind. To add a scenario, write a coroutine that uses the primitive with somebody waiting, and name it in the table
// at the end.

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <hocket/flow.hpp>
#include <hocket/hocket.hpp>
#include <hocket/process_pool.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/for_each_order.hpp>

#include "io/connected_sockets.hpp"
#include "io/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace hocket;

namespace {

struct named_scenario {
  const char* name;
  coro<void> (*body)();
  bool survives_lack_of_memory = true;
};

std::string long_text() { return std::string(100, 'x'); }

/// Calls a function at the end of its scope, however that is left.
template <class Function>
class at_exit {
 public:
  explicit at_exit(Function function) : function_(std::move(function)) {}
  ~at_exit() { function_(); }
  at_exit(const at_exit&) = delete;

 private:
  Function function_;
};

/// Throws the error on, unless there is none or it is an `Expected`.
template <class Expected, class Outcome>
void rethrow_unless(const Outcome& outcome) {
  if (outcome.has_value()) return;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const Expected&) {
  }
}

coro<int> answer() {
  co_await hocket::sleep(1s);
  co_return 42;
}

coro<void> awaiting_a_coroutine() { EXPECT_EQ(co_await answer(), 42); }

coro<void> awaiting_a_task() {
  auto made = create_task(answer(), {.name = "a task whose name does not fit into a small string"});
  EXPECT_EQ(co_await made, 42);
}

coro<void> awaiting_a_future_set_by_a_callback() {
  const future<int> result;
  loop::running().call_later(1s, [result] {
    if (!result.done()) result.set_result(7);
  });
  EXPECT_EQ(co_await result, 7);
}

coro<void> done_callbacks() {
  const auto taken_back = std::make_shared<bool>(false);
  co_await with_task_group([&](task_group& group) -> coro<void> {
    auto made = group.create_task(answer());
    made.add_done_callback([kept = long_text()] {});
    made.add_done_callback([kept = long_text()](const task<int>& ended) { EXPECT_TRUE(ended.done()); });
    auto one = made.add_done_callback([taken_back] { EXPECT_FALSE(*taken_back); });
    auto other = made.add_done_callback([taken_back](const task<int>&) { EXPECT_FALSE(*taken_back); });
    co_await hocket::sleep(500ms);
    one.cancel();
    other.cancel();
    *taken_back = true;
  });
}

coro<void> a_time_out_that_is_met() { EXPECT_EQ(co_await wait_for(answer(), 5s), 42); }

coro<void> a_time_out_that_runs_out() {
  timeout limit(1s);
  try {
    co_await limit.run(hocket::sleep(5s));
    ADD_FAILURE() << "not limited";
  } catch (const timeout_error&) {
  }
}

coro<void> limits_at_a_time() {
  loop& here = loop::running();
  EXPECT_EQ(co_await with_timeout_at(std::nullopt, answer()), 42);
  EXPECT_FALSE(co_await move_on_at(here.time_after(1s), hocket::sleep(5s)));
  try {
    co_await with_timeout_at(here.time_after(1s), hocket::sleep(5s));
    ADD_FAILURE() << "not limited";
  } catch (const timeout_error&) {
  }
  try {
    co_await fail_at(here.time_after(1s), hocket::sleep(5s));
    ADD_FAILURE() << "not limited";
  } catch (const timeout_error&) {
  }
}

coro<void> limits_that_are_moved() {
  timeout limit(1s);
  co_await limit.run([&]() -> coro<void> {
    limit.reschedule(loop::running().time_after(5s));
    co_await hocket::sleep(2s);
    limit.reschedule(std::nullopt);
    co_await hocket::sleep(5s);
  });
  cancel_scope scope;
  co_await scope.run([&]() -> coro<void> {
    scope.reschedule(loop::running().time_after(1s));
    co_await hocket::sleep(5s);
  });
  EXPECT_TRUE(scope.cancelled_caught());
}

coro<void> scopes_in_scopes() {
  const bool in_time = co_await move_on_after(1s, []() -> coro<void> {
    cancel_scope shielded({.shield = true});
    co_await shielded.run(hocket::sleep(2s));
    co_await hocket::sleep(5s);
  });
  EXPECT_FALSE(in_time);
}

coro<void> a_group_of_tasks() {
  int sum = 0;
  auto add = [&](int value) -> coro<void> {
    co_await hocket::sleep(1s);
    sum += value;
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 1; n <= 3; ++n) group.create_task(add(n), {.name = "an adder whose name is no small string"});
    co_await hocket::sleep(1s);
  });
  EXPECT_EQ(sum, 6);
}

coro<void> a_group_in_a_group() {
  co_await with_task_group([](task_group& outer) -> coro<void> {
    outer.create_task(with_task_group([](task_group& inner) -> coro<void> {
      inner.create_task(hocket::sleep(1s));
      co_return;
    }));
    co_await hocket::sleep(2s);
  });
}

coro<void> a_group_without_children() {
  co_await with_timeout(5s,
                        with_task_group([](task_group&) -> coro<void> { co_await create_task(hocket::sleep(1s)); }));
}

coro<void> gathering() {
  auto [one, other] = co_await gather(answer(), answer());
  EXPECT_EQ(one + other, 84);
}

coro<int> fail_later() {
  co_await hocket::sleep(1s);
  throw std::logic_error("as is expected");
}

coro<void> gathering_a_range() {
  std::vector<coro<int>> works;
  for (int n = 0; n < 3; ++n) works.push_back(answer());
  EXPECT_EQ((co_await gather(std::move(works))).size(), 3U);
}

coro<void> gathering_futures() {
  const future<int> one;
  const future<std::string> other;
  loop::running().call_later(1s, [one, other] {
    if (!one.done()) one.set_result(1);
    if (!other.done()) other.set_result("other");
  });
  auto [number, text] = co_await gather(one, other);
  EXPECT_EQ(number + static_cast<int>(text.size()), 6);
}

coro<void> gathering_of_every_kind() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    const future<int> set_later;
    loop::running().call_later(1s, [set_later] {
      if (!set_later.done()) set_later.set_result(1);
    });
    auto [one, other, more, none] =
        co_await gather(answer(), group.create_task(answer()), set_later, hocket::sleep(1s));
    EXPECT_EQ(one + other + more, 85);
  });
}

coro<void> gathering_errors() {
  auto [good, bad] = co_await gather(return_exceptions, answer(), fail_later());
  rethrow_unless<std::logic_error>(bad);
  if (!good.has_value()) std::rethrow_exception(good.error());
  try {
    co_await gather(fail_later(), answer());
    ADD_FAILURE() << "it has not failed";
  } catch (const std::logic_error&) {
  }
}

template <return_when When>
coro<void> waiting_for_some_of_several() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    std::vector<task<int>> works;
    for (int n = 0; n < 2; ++n) works.push_back(group.create_task(answer()));
    auto [done, pending] = co_await wait(works, {.return_when = When, .timeout = 5s});
    EXPECT_FALSE(done.empty());
    auto late = group.create_task(hocket::sleep(5s));
    std::vector<any_task> all(works.begin(), works.end());
    all.emplace_back(late);
    auto in_time = co_await wait(std::move(all), {.timeout = 2s});
    EXPECT_EQ(in_time.pending.size(), 1U);
  });
}

coro<void> tasks_as_they_are_completed() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    std::vector<task<int>> works;
    for (int n = 0; n < 4; ++n) works.push_back(group.create_task(answer()));
    as_completed ended(works, {.timeout = 5s});
    auto first = co_await ended.next();
    EXPECT_EQ(first->result(), 42);
    EXPECT_EQ(co_await ended.next_result(), 42);
    auto take = [&]() -> coro<void> { static_cast<void>(co_await ended.next()); };
    co_await gather(take(), take());
    EXPECT_FALSE((co_await ended.next()).has_value());
  });
}

coro<void> tasks_that_are_not_completed_in_time() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    const std::vector<task<>> works{group.create_task(hocket::sleep(1s)), group.create_task(hocket::sleep(5s))};
    as_completed ended(works, {.timeout = 2s});
    EXPECT_TRUE(co_await ended.next_result());
    try {
      co_await ended.next_result();
      ADD_FAILURE() << "it was in time";
    } catch (const timeout_error&) {
    }
  });
}

coro<void> a_shielded_task() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    auto work = group.create_task(answer());
    try {
      co_await with_timeout(500ms, shield(work));
    } catch (const timeout_error&) {
    }
    EXPECT_EQ(co_await shield(work), 42);
  });
}

// The last of these cannot be awaited: what comes of it is for the exception handler.
coro<void> errors_that_nobody_looks_at() {
  loop::running().set_exception_handler([](const exception_context&) {});
  loop::running().call_soon([] { throw std::logic_error("in a callback"); });
  {
    const future<> failed;
    failed.set_exception(std::logic_error("in a future"));
    failed.add_done_callback([](const future<>&) { throw std::logic_error("in a done callback"); });
  }
  const future<> shielded;
  loop::running().call_later(2s, [shielded] {
    if (!shielded.done()) shielded.set_exception(std::logic_error("in a shielded future"));
  });
  EXPECT_FALSE(co_await move_on_after(1s, shield(shielded)));
  co_await hocket::sleep(2s);
}

coro<void> an_instrument_that_throws() {
  loop::running().set_exception_handler([](const exception_context&) {});
  struct : instrument {
    void task_created(task_base&) override { throw std::logic_error("as is expected"); }
  } faulty;
  loop::running().add_instrument(faulty);
  const at_exit removed([&, &here = loop::running()] { here.remove_instrument(faulty); });
  EXPECT_EQ(co_await create_task(answer()), 42);
}

coro<void> tasks_of_any_type() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    std::vector<any_task> works{group.create_task(answer()), group.create_task(hocket::sleep(1s))};
    works[0].set_name(long_text());
    for (const any_task& each : works) co_await each;
    EXPECT_GE(all_tasks().size(), 1U);
  });
}

coro<void> eager_tasks() {
  EXPECT_EQ(co_await create_task(answer(), {.name = "a name that is no small string", .eager_start = true}), 42);
  auto at_once = []() -> coro<std::string> { co_return long_text(); };
  EXPECT_EQ((co_await create_task(at_once(), {.eager_start = true})).size(), 100U);
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(answer(), {.eager_start = true});
    auto cancel_the_group = [&]() -> coro<void> {
      group.cancel();
      co_return;
    };
    group.create_task(cancel_the_group(), {.eager_start = true});
    co_return;
  });
}

coro<void> serve(task_status<std::string>& status, std::string name) {
  co_await hocket::sleep(1s);
  status.started(std::move(name));
  co_await hocket::sleep(1s);
}

coro<void> fail_to_start(task_status<>&) {
  co_await hocket::sleep(1s);
  throw std::logic_error("as is expected");
}

coro<void> children_that_say_when_they_have_started() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    EXPECT_EQ((co_await group.start<std::string>(serve, long_text())).size(), 100U);
    try {
      co_await group.start(fail_to_start);
      ADD_FAILURE() << "it has not failed";
    } catch (const std::logic_error&) {
    }
  });
}

coro<void> a_group_that_is_cancelled() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    for (int n = 0; n < 2; ++n) group.create_task(hocket::sleep(1h));
    auto cancel_later = [](task_group& outer) -> coro<void> {
      co_await hocket::sleep(1s);
      outer.cancel();
    };
    group.create_task(cancel_later(group));
    co_await hocket::sleep(1h);
  });
}

context_var<std::string> user("user", "nobody");

coro<void> variables_of_their_own() {
  auto work = [](std::string mine) -> coro<void> {
    auto before = user.set(mine);
    co_await hocket::sleep(1s);
    EXPECT_EQ(user.get(), mine);
    user.reset(before);
    EXPECT_EQ(user.get(), "everybody, and that is no small string");
  };
  user.set("everybody, and that is no small string");
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(work(long_text()));
    group.create_task(work("somebody"));
    co_await hocket::sleep(1s);
    EXPECT_EQ(user.get().size(), 38U);
  });
}

coro<void> fail_twice() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    auto fail = []() -> coro<void> {
      co_await hocket::sleep(1s);
      throw timeout_error{};
    };
    group.create_task(fail());
    group.create_task(fail_later());
    group.create_task(hocket::sleep(1h));
    co_return;
  });
}

coro<void> errors_sorted_out() {
  try {
    co_await with_task_group([](task_group& group) -> coro<void> {
      group.create_task(fail_twice());
      co_return;
    });
    ADD_FAILURE() << "it has not failed";
  } catch (const exception_group& group) {
    auto [late, others] = group.split<timeout_error>();
    if (!others) co_return;
    others->visit<std::logic_error>(
        [](const std::logic_error& error) { EXPECT_STREQ(error.what(), "as is expected"); });
    auto [expected, unexpected] = others->split<std::logic_error>();
    if (unexpected) throw *unexpected;
  }
}

coro<void> cleaning_up() {
  bool begun = false;
  bool cleaned = false;
  auto work = [&]() -> coro<void> {
    begun = true;
    co_await create_task(hocket::sleep(1s));
  };
  auto clean_up = [&]() -> coro<void> {
    cleaned = true;
    co_await hocket::sleep(0s);
  };
  const auto ended = co_await as_result(finally(work(), clean_up()));
  EXPECT_EQ(begun, cleaned);
  if (!ended.has_value()) std::rethrow_exception(ended.error());
}

coro<void> an_outcome_looked_at() {
  const auto outcome = co_await as_result(answer());
  if (!outcome.has_value()) std::rethrow_exception(outcome.error());
}

coro<void> a_lock_that_is_wanted_by_three() {
  lock shared;
  auto use = [&]() -> coro<void> {
    const auto held = co_await shared.scoped_lock();
    co_await hocket::sleep(1s);
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 3; ++n) group.create_task(use());
    co_return;
  });
  EXPECT_FALSE(shared.locked());
}

coro<void> a_condition_that_two_wait_for() {
  condition changed;
  const at_exit unlocked([&] { EXPECT_FALSE(changed.locked()); });
  int items = 0;
  auto take = [&]() -> coro<void> {
    const auto held = co_await changed.scoped_lock();
    co_await changed.wait_for([&] { return items > 0; });
    --items;
  };
  auto put = [&]() -> coro<void> {
    const auto held = co_await changed.scoped_lock();
    ++items;
    changed.notify();
    co_await hocket::sleep(1s);
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(take());
    group.create_task(take());
    co_await hocket::sleep(1s);
    co_await put();
    co_await put();
  });
  EXPECT_EQ(items, 0);
}

coro<void> a_barrier_that_three_pass_twice() {
  barrier meeting(3);
  const at_exit deserted([&] { EXPECT_EQ(meeting.n_waiting(), 0U); });
  auto come = [&]() -> coro<void> {
    co_await meeting.wait();
    co_await meeting.wait();
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 3; ++n) group.create_task(come());
    co_return;
  });
}

coro<void> a_barrier_that_is_aborted() {
  barrier meeting(3);
  auto come = [&]() -> coro<void> {
    try {
      co_await meeting.wait();
      ADD_FAILURE() << "it has not been broken";
    } catch (const broken_barrier_error&) {
    }
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(come());
    group.create_task(come());
    co_await hocket::sleep(1s);
    meeting.abort();
  });
}

coro<void> an_event_that_two_wait_for() {
  event happened;
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(happened.wait());
    group.create_task(happened.wait());
    co_await hocket::sleep(1s);
    happened.set();
  });
}

coro<void> two_permits_for_three() {
  semaphore permits(2);
  auto use = [&]() -> coro<void> {
    const auto held = co_await permits.scoped_acquire();
    co_await hocket::sleep(1s);
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 3; ++n) group.create_task(use());
    co_return;
  });
  EXPECT_FALSE(permits.locked());
}

coro<void> bounded_permits() {
  bounded_semaphore permits(2);
  const at_exit given_back([&] { EXPECT_FALSE(permits.locked()); });
  auto use = [&]() -> coro<void> {
    const auto held = co_await permits.scoped_acquire();
    co_await hocket::sleep(1s);
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 5; ++n) group.create_task(use());
    co_return;
  });
}

coro<void> tokens_of_a_limiter() {
  capacity_limiter limiter(1);
  const at_exit given_back([&] { EXPECT_EQ(limiter.borrowed_tokens(), 0U); });
  auto use = [&]() -> coro<void> {
    const auto held = co_await limiter.scoped_acquire();
    co_await hocket::sleep(1s);
  };
  auto use_for_somebody_else = [&]() -> coro<void> {
    int somebody = 0;
    co_await limiter.acquire_on_behalf_of(&somebody);
    const at_exit done([&] { limiter.release_on_behalf_of(&somebody); });
    co_await hocket::sleep(1s);
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 4; ++n) group.create_task(use());
    group.create_task(use_for_somebody_else());
    co_await hocket::sleep(500ms);
    limiter.set_total_tokens(2);
  });
}

using text_sink = memory_send_channel<std::string>;
using text_source = memory_receive_channel<std::string>;

coro<void> send_two(text_sink sink) {
  for (int n = 0; n < 2; ++n) co_await sink.send(long_text());
}

template <std::size_t BufferSize>
coro<void> a_channel_that_ends() {
  int received = 0;
  auto receive = [&received](text_source source) -> coro<void> {
    while (auto text = co_await source.receive()) {
      EXPECT_EQ(text->size(), 100U);
      ++received;
    }
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    auto [sink, source] = open_memory_channel<std::string>(BufferSize);
    group.create_task(receive(source.clone()));
    group.create_task(receive(std::move(source)));
    group.create_task(send_two(sink.clone()));
    co_await hocket::sleep(1s);
    group.create_task(send_two(std::move(sink)));
  });
  EXPECT_EQ(received, 4);
}

template <std::size_t BufferSize>
coro<void> a_channel_whose_receivers_leave() {
  auto send = [](text_sink sink) -> coro<void> {
    try {
      for (;;) co_await sink.send(long_text());
    } catch (const broken_resource_error&) {
    }
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    auto [sink, source] = open_memory_channel<std::string>(BufferSize);
    group.create_task(send(sink.clone()));
    group.create_task(send(std::move(sink)));
    std::optional<std::string> text = co_await source.receive();
    co_await hocket::sleep(1s);
    text = co_await source.next();
    EXPECT_TRUE(text.has_value());
  });
}

template <std::size_t BufferSize>
coro<void> a_channel_whose_ends_are_closed_under_who_waits() {
  auto [sink, source] = open_memory_channel<std::string>(BufferSize);
  auto [other_sink, other_source] = open_memory_channel<std::string>(BufferSize);
  auto send = [&sink = sink]() -> coro<void> {
    try {
      for (;;) co_await sink.send(long_text());
    } catch (const closed_resource_error&) {
    }
  };
  auto receive = [&source = other_source]() -> coro<void> {
    try {
      static_cast<void>(co_await source.receive());
      ADD_FAILURE() << "it has not been closed";
    } catch (const closed_resource_error&) {
    }
  };
  co_await with_task_group([&, &sink = sink, &other_source = other_source](task_group& group) -> coro<void> {
    group.create_task(send());
    group.create_task(receive());
    co_await hocket::sleep(1s);
    sink.close();
    other_source.close();
  });
}

template <class Queue>
coro<void> a_queue_that_is_full() {
  Queue jobs(2);
  auto produce = [&]() -> coro<void> {
    for (int n = 0; n < 10; ++n) co_await jobs.put(long_text());
  };
  auto consume = [&]() -> coro<void> {
    for (int n = 0; n < 10; ++n) {
      static_cast<void>(co_await jobs.get());
      jobs.task_done();
    }
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(produce());
    group.create_task(produce());
    group.create_task(consume());
    group.create_task(consume());
    co_await hocket::sleep(1s);
    co_await jobs.join();
  });
  EXPECT_TRUE(jobs.empty());
}

template <class... Immediately>
coro<void> a_queue_that_is_shut_down() {
  queue<std::string> jobs(1);
  auto produce = [&]() -> coro<void> {
    try {
      for (;;) co_await jobs.put(long_text());
    } catch (const queue_shut_down&) {
    }
  };
  auto consume = [&]() -> coro<void> {
    try {
      for (;;) {
        static_cast<void>(co_await jobs.get());
        jobs.task_done();
        co_await hocket::sleep(1s);
      }
    } catch (const queue_shut_down&) {
    }
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 2; ++n) {
      group.create_task(produce());
      group.create_task(consume());
    }
    co_await hocket::sleep(2500ms);
    jobs.shutdown(Immediately{}...);
    co_await jobs.join();
  });
}

// Who is woken and cannot put must hand the free place on.
coro<void> putters_that_go_on_without_memory() {
  queue<std::string> jobs(1);
  int failed = 0;
  auto put_one = [&]() -> coro<void> {
    try {
      co_await jobs.put(long_text());
    } catch (const std::bad_alloc&) {
      ++failed;
    }
  };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    for (int n = 0; n < 40; ++n) group.create_task(put_one());
    for (int n = 0; n + failed < 40; ++n) static_cast<void>(co_await wait_for(jobs.get(), 1s));
  });
}

// A time-out or scope whose timer could not be made was not entered.
coro<void> limits_that_are_tried_again() {
  timeout limit(5s);
  if (!(co_await as_result(limit.run(answer()))).has_value()) co_await limit.run(answer());
  cancel_scope scope({.deadline = loop::running().time_after(5s)});
  if (!(co_await as_result(scope.run(answer()))).has_value()) co_await scope.run(answer());
}

coro<void> a_call_on_a_thread() {
  user.set(long_text());  // which the thread gets a copy of
  EXPECT_EQ(co_await to_thread([](const std::string& text) { return text.size(); }, long_text()), 100U);
}

coro<void> a_call_that_may_be_abandoned() {
  auto measure = [](const std::string& text) {
    std::this_thread::sleep_for(2ms);
    return text.size();
  };
  EXPECT_EQ(co_await to_thread(abandon_on_cancel, measure, long_text()), 100U);
}

std::size_t measured(const std::string& text) {
  std::this_thread::sleep_for(2ms);
  return text.size();
}

// One pool for all runs, since descriptors that come with a scenario must go with it. `main` starts its worker.
process_pool_executor& worker_process() {
  static process_pool_executor pool({.max_workers = 1});
  return pool;
}

coro<void> a_call_in_another_process() {
  EXPECT_EQ(co_await run_in_executor<measured>(worker_process(), long_text()), 100U);
}

coro<void> a_call_in_another_process_that_may_be_abandoned() {
  EXPECT_EQ(co_await worker_process().submit<measured>(long_text()), 100U);
}

// Takes no time: virtual time stands still while a thread waits.
coro<int> answer_at_once() {
  co_await hocket::sleep(0s);
  co_return 42;
}

coro<void> a_coroutine_asked_for_by_a_thread() {
  co_await to_thread(
      [&here = loop::running()] { EXPECT_EQ(run_coroutine_threadsafe(here, answer_at_once).result(), 42); });
}

coro<void> a_standard_future() {
  auto compute = [] {
    std::this_thread::sleep_for(2ms);
    return 7;
  };
  EXPECT_EQ(co_await wrap_future(std::async(std::launch::async, compute)), 7);
}

async_generator<std::string> slow_lines() {
  std::exception_ptr ended;
  try {
    for (int n = 0; n < 3; ++n) {
      co_await hocket::sleep(1s);
      co_yield long_text();
    }
  } catch (...) {
    ended = std::current_exception();
  }
  co_await hocket::sleep(1s);
  if (ended) std::rethrow_exception(ended);
}

async_generator<std::size_t> lengths(async_generator<std::string> source) {
  while (auto line = co_await source.next()) co_yield line->size();
}

coro<void> a_generator_that_is_exhausted() {
  auto source = lengths(slow_lines());
  while (co_await source.next()) continue;
}

coro<void> a_generator_that_is_closed() {
  co_await aclosing(lengths(slow_lines()), [](async_generator<std::size_t>& source) -> coro<void> {
    if (co_await source.next() != std::size_t{100}) throw std::runtime_error("a wrong length");
  });
}

coro<void> a_generator_that_is_dropped() {
  auto source = lengths(slow_lines());
  co_await source.next();
}

coro<bool> is_long(const std::string& text) {
  co_await hocket::sleep(0s);
  co_return text.size() > 50;
}

coro<std::size_t> length_and_number(std::ptrdiff_t number, std::string text) {
  co_await hocket::sleep(0s);
  co_return static_cast<std::size_t>(number) + text.size();
}

coro<void> a_pipeline_that_selects() {
  const auto items =
      co_await (slow_lines() | flow::skip(1) | flow::filter(is_long) | flow::takewhile(is_long) |
                flow::dropwhile([](const std::string& text) { return text.empty(); }) |
                flow::until([](const std::string& text) { return text.empty(); }) | flow::skiplast(1) |
                flow::takelast(2) | flow::getitem(-1) | flow::getitem({.start = 0, .stop = 5}) | flow::collect());
  EXPECT_EQ(items, std::vector{long_text()});
}

coro<void> a_pipeline_that_ends_early() {
  const auto first_length = co_await (slow_lines() | flow::map([](const std::string& text) { return text.size(); }) |
                                      flow::take(1) | flow::collect());
  EXPECT_EQ(first_length, std::vector{std::size_t{100}});
  EXPECT_EQ(co_await (slow_lines() | flow::enumerate() | flow::starmap(length_and_number) | flow::first()), 100U);
}

coro<void> a_pipeline_that_transforms() {
  const auto chunks = co_await (slow_lines() | flow::enumerate(1) | flow::starmap(length_and_number) | flow::cycle() |
                                flow::take(4) | flow::chunks(3) | flow::collect());
  EXPECT_EQ(chunks, (std::vector<std::vector<std::size_t>>{{101, 102, 103}, {101}}));
  EXPECT_EQ(co_await (flow::cycle([] HOCKET_CORO_WRAPPER { return slow_lines(); }) | flow::take(4) | flow::last()),
            long_text());
}

coro<void> a_pipeline_that_comes_to_one_item() {
  const auto append = [](std::string all, std::string text) -> coro<std::string> {
    co_await hocket::sleep(0s);
    co_return std::move(all) + std::move(text);
  };
  EXPECT_EQ((co_await (slow_lines() | flow::accumulate() | flow::reduce(append, long_text()))).size(), 700U);
  std::size_t seen = 0;
  auto count = [&](const std::string& text) -> coro<void> {
    co_await hocket::sleep(1s);
    seen += text.size();
  };
  co_await (slow_lines() | flow::for_each(count));
  EXPECT_EQ(seen, 300U);
}

coro<void> a_pipeline_with_time_limits() {
  EXPECT_EQ(co_await (slow_lines() | flow::delay(1s) | flow::timeout(5s) | flow::spaceout(3s) | flow::last()),
            long_text());
  try {
    co_await (slow_lines() | flow::timeout(500ms) | flow::collect());
    ADD_FAILURE() << "it was in time";
  } catch (const timeout_error&) {
  }
}

coro<void> a_pipeline_that_prints() {
  const std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })> nowhere(
      std::fopen("/dev/null", "w"));
  co_await (slow_lines() | flow::print("{:>200}", {.file = nowhere.get()}) |
            flow::action([](const std::string& text) -> coro<void> { co_await hocket::sleep(text.size() * 1ms); }) |
            flow::map([](const std::string& text) { return std::filesystem::path(text); }) |
            flow::print("{}", {.file = nowhere.get()}) | flow::collect());
}

coro<void> pipelines_with_other_beginnings() {
  EXPECT_EQ(co_await (flow::just(answer()) | flow::last()) + co_await (flow::call(answer) | flow::last()), 84);
  EXPECT_EQ(co_await (flow::range(1, 4, 1, 1s) | flow::reduce(std::plus())), 6);
  EXPECT_EQ(co_await (flow::repeat(long_text(), 2, 1s) | flow::last()), long_text());
  EXPECT_FALSE(co_await move_on_after(1s, flow::never<int>() | flow::for_each([](int) {})));
  co_await with_task_group([](task_group& group) -> coro<void> {
    auto [sink, source] = open_memory_channel<std::string>(0);
    auto send = [](memory_send_channel<std::string> to) -> coro<void> {
      co_await to.send(long_text());
      co_await hocket::sleep(1s);
      co_await to.send(long_text());
    };
    group.create_task(send(std::move(sink)));
    co_await (std::move(source) | flow::collect());  // fewer if the sender failed, whom the group tells of
  });
  queue<std::string> jobs;
  co_await with_task_group([&](task_group& group) -> coro<void> {
    auto put = [&]() -> coro<void> {
      co_await hocket::sleep(1s);
      co_await jobs.put(long_text());
      jobs.shutdown();
    };
    group.create_task(put());
    EXPECT_EQ((co_await (jobs | flow::collect())).size(), 1U);
  });
}

/// Texts each second; `left` says that it has ended or was closed.
async_generator<std::string> texts(int count, bool& left) {
  const at_exit leaving([&] { left = true; });
  for (int n = 0; n < count; ++n) {
    co_await hocket::sleep(1s);
    co_yield long_text();
  }
}

coro<void> sources_merged() {
  bool one_left = false;
  bool other_left = false;
  int items = 0;
  const at_exit ended([&] { EXPECT_TRUE(items == 0 || (one_left && other_left)); });
  const auto count = [&](async_generator<std::string>& all) -> coro<void> {
    while (auto text = co_await all.next()) {
      EXPECT_EQ(text->size(), 100U);
      ++items;
    }
    EXPECT_EQ(items, 5);
  };
  co_await aclosing(flow::merge(texts(2, one_left), texts(3, other_left)), count);
}

coro<void> merged_sources_closed_early() {
  bool one_left = false;
  bool other_left = false;
  const auto take_one = [](async_generator<std::string>& all) -> coro<void> {
    static_cast<void>(co_await all.next());
    co_await hocket::sleep(500ms);
  };
  auto inner = flow::merge(texts(2, one_left), texts(3, other_left));
  co_await aclosing(flow::merge(std::move(inner), slow_lines()), take_one);
  EXPECT_TRUE(one_left);
  EXPECT_TRUE(other_left);
}

// What is dropped at rest owns what it uses, and ends by itself.
coro<void> merged_sources_that_are_dropped() {
  const auto here = std::make_shared<int>();
  const auto owning = [](std::shared_ptr<int> mine) -> async_generator<std::string> {
    for (;; ++*mine) {
      co_await hocket::sleep(1s);
      co_yield long_text();
    }
  };
  const at_exit ended([&] { EXPECT_LE(here.use_count(), 3); });
  {
    auto all = flow::merge(owning(here), owning(here));
    static_cast<void>(co_await all.next());
  }
  while (here.use_count() > 1) co_await hocket::sleep(0s);
}

coro<void> a_merge_of_one_source_that_fails() {
  bool left = false;
  const auto failing = []() -> async_generator<std::string> { co_yield std::to_string(co_await fail_later()); };
  try {
    co_await (flow::merge(texts(3, left), failing()) | flow::collect());
    ADD_FAILURE() << "it has not failed";
  } catch (const std::logic_error&) {
  }
}

coro<void> sources_side_by_side() {
  bool left = false;
  const auto rows = co_await (flow::zip(texts(2, left), slow_lines()) | flow::collect());
  EXPECT_EQ(rows.size(), 2U);
  const auto latest = co_await (flow::ziplatest(texts(2, left), std::vector{1, 2}) | flow::collect());
  EXPECT_EQ(latest.size(), 4U);
  const auto all = co_await (flow::chain(texts(1, left), std::vector{long_text()}) | flow::collect());
  EXPECT_EQ(all.size(), 2U);
}

coro<void> sources_of_sources() {
  bool left = false;
  const auto make = [&left] HOCKET_CORO_OWNING_WRAPPER(const std::string&) { return texts(2, left); };
  EXPECT_EQ((co_await (slow_lines() | flow::flatmap(make, {.task_limit = 2}) | flow::collect())).size(), 6U);
  EXPECT_EQ((co_await (slow_lines() | flow::concatmap(make, {.task_limit = 2}) | flow::collect())).size(), 6U);
  EXPECT_GE((co_await (slow_lines() | flow::switchmap(make) | flow::collect())).size(), 2U);
}

coro<void> calls_at_the_same_time() {
  int running = 0;
  const auto measure = [&running](std::string text) -> coro<std::size_t> {
    EXPECT_LE(++running, 2);
    const at_exit leaving([&] { --running; });
    co_await hocket::sleep(3s);
    co_return text.size();
  };
  for (const bool ordered : {true, false}) {
    const auto sizes =
        co_await (slow_lines() | flow::map(measure, {.task_limit = 2, .ordered = ordered}) | flow::collect());
    EXPECT_EQ(sizes.size(), 3U);
  }
}

coro<void> a_task_as_a_standard_future() {
  co_await with_task_group([](task_group& group) -> coro<void> {
    EXPECT_EQ(co_await wrap_future(to_std_future(group.create_task(answer_at_once()))), 42);
  });
}

coro<void> a_future_of_another_thread() {
  const concurrent_promise<std::string> promise;
  const auto future = promise.get_future();
  future.add_done_callback([kept = long_text()] {});
  const auto is_awaited = std::make_shared<std::binary_semaphore>(0);
  loop::running().call_soon([is_awaited] { is_awaited->release(); });
  std::jthread other([&promise, is_awaited] {
    static_cast<void>(is_awaited->try_acquire_for(100ms));  // or is given up
    promise.set_value("text");
  });
  EXPECT_EQ((co_await future).size(), 4U);
}

coro<void> an_executor_of_threads() {
  thread_pool_executor pool({.max_workers = 1, .max_pending = 2, .thread_name_prefix = "worker"});
  auto measure = [](const std::string& text) { return text.size(); };
  auto future = pool.submit(measure, long_text());
  EXPECT_EQ(co_await run_in_executor(pool, measure, long_text()), 100U);
  EXPECT_EQ(co_await std::move(future), 100U);
  EXPECT_EQ(co_await run_in_executor(nullptr, measure, long_text()), 100U);
}

coro<void> an_executor_of_threads_for_a_range() {
  thread_pool_executor pool({.max_workers = 2});
  auto measure = [](const std::string& text) {
    std::this_thread::sleep_for(2ms);
    return text.size();
  };
  auto sizes = pool.map(measure, std::vector<std::string>(5, long_text()), {.buffer = 2});
  std::size_t sum = 0;
  while (auto each = co_await sizes.next()) sum += *each;
  EXPECT_EQ(sum, 500U);
}

coro<void> jobs_in_line() {
  co_await with_job_scheduler({.limit = 1, .pending_limit = 1, .exception_handler = [](const exception_context&) {}},
                              [](job_scheduler& jobs) -> coro<void> {
                                const auto first = co_await jobs.spawn(answer(), long_text());
                                co_await jobs.spawn(answer());
                                co_await jobs.spawn(hocket::sleep(1s));
                                EXPECT_EQ(co_await jobs.shield(answer()), 42);
                                EXPECT_EQ(co_await first, 42);
                                const auto slow = co_await jobs.spawn(hocket::sleep(1h));
                                co_await slow.close();
                              });
}

coro<void> jobs_that_are_closed() {
  job_scheduler jobs({.limit = 2});
  for (int n = 0; n < 4; ++n) co_await jobs.spawn(hocket::sleep(1h));
  co_await hocket::sleep(1s);
  co_await jobs.close();
}

coro<void> a_cache_that_two_ask() {
  lru_cache<int, std::string> texts(
      [](int) -> coro<std::string> {
        co_await hocket::sleep(1s);
        co_return long_text();
      },
      {.maxsize = 1, .ttl = 5s});
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(texts(1));
    group.create_task(texts(1));
    group.create_task(texts(2));
    co_await hocket::sleep(500ms);
    texts.cache_invalidate(1);
  });
  EXPECT_EQ((co_await texts(1)).size(), 100U);
  co_await texts.cache_close();
}

coro<void> talk_on(hocket::testing::connected_sockets& both) {
  co_await both.client.send_all("question");
  both.client.shutdown_send();
  EXPECT_EQ(co_await hocket::testing::receive_to_end(both.server), "question");
  std::array<char, 6> text{};
  co_await both.server.send_all("answer");
  EXPECT_EQ(co_await both.client.recv(text), 6U);
}

coro<void> a_conversation_on_tcp() {
  auto both = co_await hocket::testing::connect_on_loopback();
  co_await talk_on(both);
}

coro<void> a_receiver_that_waits() {
  auto both = co_await hocket::testing::connect_on_loopback();
  auto receive = [&]() -> coro<void> { static_cast<void>(co_await both.server.receive()); };
  co_await with_task_group([&](task_group& group) -> coro<void> {
    group.create_task(receive());
    co_await hocket::sleep(1s);
    co_await both.client.send_all("late");
  });
}

coro<void> a_connection_by_name() {
  auto listener = hocket::testing::listen_on_loopback();
  const std::uint16_t port = listener.local_address().port();
  auto client = co_await connect_tcp("localhost", port);
  auto server = co_await listener.accept();
}

coro<void> a_file_written_and_read() {
  static const hocket::testing::temporary_directory folder;
  static const std::string path = folder / "text";
  {
    auto out = co_await file::open(path, O_WRONLY | O_CREAT | O_TRUNC);
    co_await out.write("hello");
    co_await out.fsync();
  }
  auto directory = co_await file::open(folder.path(), O_RDONLY | O_DIRECTORY);
  auto in = co_await directory.open_beneath("text");
  std::array<char, 16> text{};
  EXPECT_EQ(co_await in.read(text), 5U);
}

// Add a scenario here.
constexpr named_scenario scenarios[] = {
    {"awaiting_a_coroutine", awaiting_a_coroutine},
    {"awaiting_a_task", awaiting_a_task},
    {"awaiting_a_future_set_by_a_callback", awaiting_a_future_set_by_a_callback},
    {"done_callbacks", done_callbacks},
    {"a_time_out_that_is_met", a_time_out_that_is_met},
    {"a_time_out_that_runs_out", a_time_out_that_runs_out},
    {"limits_at_a_time", limits_at_a_time},
    {"limits_that_are_moved", limits_that_are_moved},
    {"scopes_in_scopes", scopes_in_scopes},
    {"a_group_of_tasks", a_group_of_tasks},
    {"a_group_in_a_group", a_group_in_a_group},
    {"a_group_without_children", a_group_without_children},
    {"a_group_that_is_cancelled", a_group_that_is_cancelled},
    {"children_that_say_when_they_have_started", children_that_say_when_they_have_started},
    {"errors_sorted_out", errors_sorted_out},
    {"eager_tasks", eager_tasks},
    {"tasks_of_any_type", tasks_of_any_type},
    {"variables_of_their_own", variables_of_their_own},
    {"gathering", gathering},
    {"gathering_a_range", gathering_a_range},
    {"gathering_futures", gathering_futures},
    {"gathering_of_every_kind", gathering_of_every_kind},
    {"gathering_errors", gathering_errors},
    {"waiting_for_all", waiting_for_some_of_several<return_when::all_completed>},
    {"waiting_for_the_first", waiting_for_some_of_several<return_when::first_completed>},
    {"waiting_for_the_first_error", waiting_for_some_of_several<return_when::first_exception>},
    {"tasks_as_they_are_completed", tasks_as_they_are_completed},
    {"tasks_that_are_not_completed_in_time", tasks_that_are_not_completed_in_time},
    {"a_shielded_task", a_shielded_task},
    {"errors_that_nobody_looks_at", errors_that_nobody_looks_at},
    {"an_instrument_that_throws", an_instrument_that_throws},
    {"cleaning_up", cleaning_up},
    {"an_outcome_looked_at", an_outcome_looked_at},
    {"a_lock_that_is_wanted_by_three", a_lock_that_is_wanted_by_three},
    {"a_condition_that_two_wait_for", a_condition_that_two_wait_for},
    {"a_barrier_that_three_pass_twice", a_barrier_that_three_pass_twice},
    {"a_barrier_that_is_aborted", a_barrier_that_is_aborted},
    {"an_event_that_two_wait_for", an_event_that_two_wait_for},
    {"two_permits_for_three", two_permits_for_three},
    {"bounded_permits", bounded_permits},
    {"tokens_of_a_limiter", tokens_of_a_limiter},
    {"a_queue_that_is_full", a_queue_that_is_full<queue<std::string>>},
    {"a_priority_queue_that_is_full", a_queue_that_is_full<priority_queue<std::string>>},
    {"a_lifo_queue_that_is_full", a_queue_that_is_full<lifo_queue<std::string>>},
    {"a_queue_that_is_shut_down", a_queue_that_is_shut_down<>},
    {"a_queue_that_is_shut_down_immediately", a_queue_that_is_shut_down<immediate_t>},
    {"a_rendezvous_that_ends", a_channel_that_ends<0>},
    {"a_buffered_channel_that_ends", a_channel_that_ends<1>},
    {"a_rendezvous_whose_receivers_leave", a_channel_whose_receivers_leave<0>},
    {"a_buffered_channel_whose_receivers_leave", a_channel_whose_receivers_leave<1>},
    {"a_rendezvous_that_is_closed_under_who_waits", a_channel_whose_ends_are_closed_under_who_waits<0>},
    {"a_buffered_channel_that_is_closed_under_who_waits", a_channel_whose_ends_are_closed_under_who_waits<1>},
    {"putters_that_go_on_without_memory", putters_that_go_on_without_memory},
    {"limits_that_are_tried_again", limits_that_are_tried_again},
    {"a_call_on_a_thread", a_call_on_a_thread},
    {"a_call_that_may_be_abandoned", a_call_that_may_be_abandoned},
    {"a_call_in_another_process", a_call_in_another_process},
    {"a_call_in_another_process_that_may_be_abandoned", a_call_in_another_process_that_may_be_abandoned},
    {"a_coroutine_asked_for_by_a_thread", a_coroutine_asked_for_by_a_thread},
    {"a_standard_future", a_standard_future},
    {"a_generator_that_is_exhausted", a_generator_that_is_exhausted},
    {"a_generator_that_is_closed", a_generator_that_is_closed},
    {"a_generator_that_is_dropped", a_generator_that_is_dropped},
    {"a_pipeline_that_selects", a_pipeline_that_selects},
    {"a_pipeline_that_ends_early", a_pipeline_that_ends_early},
    {"a_pipeline_that_transforms", a_pipeline_that_transforms},
    {"a_pipeline_that_comes_to_one_item", a_pipeline_that_comes_to_one_item},
    {"a_pipeline_with_time_limits", a_pipeline_with_time_limits},
    {"a_pipeline_that_prints", a_pipeline_that_prints},
    {"pipelines_with_other_beginnings", pipelines_with_other_beginnings},
    {"sources_merged", sources_merged},
    {"merged_sources_closed_early", merged_sources_closed_early},
    {"merged_sources_that_are_dropped", merged_sources_that_are_dropped},
    {"a_merge_of_one_source_that_fails", a_merge_of_one_source_that_fails},
    {"sources_side_by_side", sources_side_by_side},
    {"sources_of_sources", sources_of_sources},
    {"calls_at_the_same_time", calls_at_the_same_time},
    {"a_task_as_a_standard_future", a_task_as_a_standard_future},
    {"a_future_of_another_thread", a_future_of_another_thread},
    {"an_executor_of_threads", an_executor_of_threads},
    {"an_executor_of_threads_for_a_range", an_executor_of_threads_for_a_range},
    {"jobs_in_line", jobs_in_line},
    {"jobs_that_are_closed", jobs_that_are_closed},
    {"a_cache_that_two_ask", a_cache_that_two_ask},
    {"a_conversation_on_tcp", a_conversation_on_tcp},
    {"a_receiver_that_waits", a_receiver_that_waits},
    {"a_connection_by_name", a_connection_by_name},
    {"a_file_written_and_read", a_file_written_and_read},
};

class every_primitive : public ::testing::TestWithParam<std::tuple<named_scenario, backend_kind>> {
 protected:
  void SetUp() override {
    if (options().backend == backend_kind::io_uring && !io_uring_works() &&
        std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr)
      GTEST_SKIP() << "SKIPPED: io_uring is forbidden here";
  }
  [[nodiscard]] static auto body() { return std::get<0>(GetParam()).body; }
  [[nodiscard]] static run_options options() { return {.backend = std::get<1>(GetParam())}; }
};

TEST_P(every_primitive, leaves_nothing_behind_when_cancelled_anywhere) {
  const auto report = hocket::testing::cancel_at_every_suspension(body(), options());
  EXPECT_GT(report.runs, 1U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

TEST_P(every_primitive, leaves_nothing_behind_when_a_scope_around_it_is_cancelled_anywhere) {
  const auto report = hocket::testing::cancel_at_every_suspension(body(), options(), hocket::testing::cancel_by::scope);
  EXPECT_GT(report.runs, 1U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

TEST_P(every_primitive, leaves_nothing_behind_when_memory_runs_out_anywhere) {
  if (!std::get<0>(GetParam()).survives_lack_of_memory) GTEST_SKIP() << "not mended yet";
  const auto report = hocket::testing::fail_each_allocation(body(), options());
  EXPECT_GT(report.failed, 0U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

TEST_P(every_primitive, leaves_nothing_behind_when_memory_runs_out_anywhere_and_for_good) {
  if (!std::get<0>(GetParam()).survives_lack_of_memory) GTEST_SKIP() << "not mended yet";
  const auto report = hocket::testing::fail_each_allocation(body(), options(), hocket::testing::shortage::lasting);
  EXPECT_GT(report.failed, 0U);
  EXPECT_TRUE(report.none()) << report.to_string();
}

TEST_P(every_primitive, leaves_nothing_behind_when_any_operation_fails) {
  const auto report = hocket::testing::fail_each_operation(body(), options());
  EXPECT_TRUE(report.none()) << report.to_string();
}

TEST_P(every_primitive, works_in_any_order_of_what_is_ready) { hocket::testing::for_each_order(body(), 20, options()); }

INSTANTIATE_TEST_SUITE_P(scenario, every_primitive,
                         ::testing::Combine(::testing::ValuesIn(scenarios),
                                            ::testing::Values(backend_kind::epoll, backend_kind::io_uring,
                                                              backend_kind::poll)),
                         [](const auto& given) {
                           return std::string(std::get<0>(given.param).name) + "_on_" +
                                  std::string(hocket::testing::name_of(std::get<1>(given.param)));
                         });

}  // namespace

int main(int count, char** arguments) {
  serve_if_worker();
  ::testing::InitGoogleTest(&count, arguments);
  static_cast<void>(worker_process().submit<measured>("").result());
  return RUN_ALL_TESTS();
}
