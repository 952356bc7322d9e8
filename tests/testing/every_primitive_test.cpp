// Every primitive, under every interference, on every backend: whatever is cancelled or fails, a run ends by itself and leaves
// nothing behind. To add a scenario, write a coroutine that uses the primitive with somebody waiting, and name it in the table
// at the end.

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
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
  co_await with_task_group([](task_group& group) -> coro<void> {
    auto made = group.create_task(answer());
    made.add_done_callback([kept = std::string(100, 'x')] {});
    co_return;
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

coro<void> a_queue_that_is_full() {
  queue<std::string> jobs(1);
  auto produce = [&]() -> coro<void> {
    for (int n = 0; n < 30; ++n) co_await jobs.put(std::string(100, 'x'));
  };
  auto consume = [&]() -> coro<void> {
    for (int n = 0; n < 30; ++n) {
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
}

// Who is woken and cannot put must hand the free place on.
coro<void> putters_that_go_on_without_memory() {
  queue<std::string> jobs(1);
  int failed = 0;
  auto put_one = [&]() -> coro<void> {
    try {
      co_await jobs.put(std::string(100, 'x'));
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
  EXPECT_EQ(co_await to_thread([](const std::string& text) { return text.size(); }, std::string(100, 'x')), 100U);
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
    {"scopes_in_scopes", scopes_in_scopes},
    {"a_group_of_tasks", a_group_of_tasks},
    {"a_group_in_a_group", a_group_in_a_group},
    {"a_group_without_children", a_group_without_children},
    {"gathering", gathering},
    {"cleaning_up", cleaning_up},
    {"an_outcome_looked_at", an_outcome_looked_at},
    {"a_lock_that_is_wanted_by_three", a_lock_that_is_wanted_by_three},
    {"an_event_that_two_wait_for", an_event_that_two_wait_for},
    {"two_permits_for_three", two_permits_for_three},
    {"a_queue_that_is_full", a_queue_that_is_full},
    {"putters_that_go_on_without_memory", putters_that_go_on_without_memory},
    {"limits_that_are_tried_again", limits_that_are_tried_again},
    {"a_call_on_a_thread", a_call_on_a_thread},
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
                                            ::testing::Values(backend_kind::epoll, backend_kind::io_uring)),
                         [](const auto& given) {
                           return std::string(std::get<0>(given.param).name) +
                                  (std::get<1>(given.param) == backend_kind::epoll ? "_on_epoll" : "_on_io_uring");
                         });

}  // namespace
