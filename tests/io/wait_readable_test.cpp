// Waiting for descriptors that are none of the loop's.

#include <string>
#include <system_error>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <io/foreign_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using namespace std::chrono_literals;
using hocket::as_expected;
using hocket::coro;
using hocket::create_task;
using hocket::loop;
using hocket::wait_readable;
using hocket::wait_writable;
using hocket::testing::ends_cancelled;
using hocket::testing::fill;
using hocket::testing::foreign_number;
using hocket::testing::foreign_pipe;
using hocket::testing::foreign_sockets;
using hocket::testing::throws;
using hocket::testing::wait_all_tasks_blocked;
using hocket::testing::what_is_thrown;

namespace {

coro<void> readable(int number) { co_await wait_readable(number); }
coro<void> writable(int number) { co_await wait_writable(number); }
coro<std::string> why_waiting_ends(int number) { co_return co_await what_is_thrown(wait_readable(number)); }

}  // namespace

HOCKET_TEST(wait_readable, waits_until_something_comes) {
  const auto [near, far] = foreign_pipe();
  const auto waiting = create_task(readable(near));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  far.write("x");
  co_await waiting;
  EXPECT_EQ(near.read(), "x");
}

HOCKET_TEST(wait_readable, returns_again_and_again_while_nobody_reads_and_at_the_end) {
  auto [near, far] = foreign_sockets();
  far.write("x");
  for (int n = 0; n < 100; ++n) co_await wait_readable(near);
  EXPECT_EQ(near.read(), "x");
  const auto waiting = create_task(readable(near));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  far.close();
  co_await waiting;
  co_await wait_readable(near);
}

HOCKET_TEST(wait_writable, waits_until_there_is_room) {
  const auto [near, far] = foreign_pipe();
  co_await wait_writable(far);
  fill(far);
  const auto waiting = create_task(writable(far));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  while (!waiting.done()) {
    EXPECT_FALSE(near.read().empty());
    co_await wait_all_tasks_blocked();
  }
}

HOCKET_TEST(wait_readable, wakes_all_tasks_that_wait_for_one_descriptor) {
  const auto [near, far] = foreign_sockets();
  fill(near);
  const auto first = create_task(readable(near));
  const auto second = create_task(readable(near));
  const auto room = create_task(writable(near));
  co_await wait_all_tasks_blocked();
  far.write("x");
  co_await first;
  co_await second;
  EXPECT_FALSE(room.done());
  room.cancel();
  EXPECT_TRUE(co_await ends_cancelled(room));
}

HOCKET_TEST(wait_readable, is_cancelled_at_once_and_leaves_the_others) {
  const auto [near, far] = foreign_pipe();
  const auto first = create_task(readable(near));
  const auto second = create_task(readable(near));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await hocket::testing::cancelling_ends(first));
  EXPECT_FALSE(second.done());
  far.write("x");
  co_await second;
}

HOCKET_TEST(wait_readable, takes_a_limit) {
  const auto [near, far] = foreign_pipe();
  const auto begin = loop::running().time();
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::with_timeout(5s, wait_readable(near))));
  EXPECT_EQ(loop::running().time() - begin, 5s);
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(wait_readable(near), 0s)));
  far.write("x");
  co_await hocket::with_timeout(5s, wait_readable(near));
}

HOCKET_TEST(wait_readable, refuses_what_cannot_be_watched) {
  const hocket::testing::temporary_directory folder;
  const foreign_number file(::open((folder / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_EQ(co_await what_is_thrown(wait_readable(file)),
            "wait for descriptor " + std::to_string(file) +
                ", a file or folder, which is always ready: Operation not permitted");
  EXPECT_EQ(co_await what_is_thrown(wait_writable(-1)), "wait for descriptor -1: Bad file descriptor");
  const auto outcome = co_await as_expected(wait_readable(1'000'000));
  EXPECT_EQ(outcome.error(), std::errc::bad_file_descriptor);
}

HOCKET_TEST(wait_readable, hears_of_a_cancellation_before_it_starts) {
  const auto [near, far] = foreign_pipe();
  far.write("x");
  bool waited = false;
  const auto waits = create_task([](int number, bool& passed) -> coro<void> {
    hocket::current_task().cancel();
    co_await wait_readable(number);
    passed = true;
  }(near, waited));
  EXPECT_TRUE(co_await ends_cancelled(waits));
  EXPECT_FALSE(waited);
}

HOCKET_TEST(wait_readable, lets_a_number_be_closed_and_used_again_after_it_was_cancelled) {
  for (int n = 0; n < 3; ++n) {
    auto [near, far] = foreign_sockets();
    const auto waiting = create_task(readable(near));
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(waiting.done());
    waiting.cancel();
    EXPECT_TRUE(co_await ends_cancelled(waiting));
  }
  const auto [near, far] = foreign_sockets();
  const auto waiting = create_task(readable(near));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  far.write("x");
  co_await waiting;
}

HOCKET_TEST(wait_readable, leaves_the_flags_of_the_descriptor_as_they_are) {
  for (const int flags : {O_CLOEXEC, O_CLOEXEC | O_NONBLOCK}) {
    const auto [near, far] = foreign_pipe(flags);
    const int before = near.flags();
    const auto waiting = create_task(readable(near));
    co_await wait_all_tasks_blocked();
    EXPECT_EQ(near.flags(), before);
    far.write("x");
    co_await waiting;
    EXPECT_EQ(near.flags(), before);
  }
}

HOCKET_TEST(wait_readable, of_a_socket_that_is_the_loops_own_stands_beside_its_operations) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  auto receiving = create_task(hocket::testing::receive_to_end(server));
  co_await wait_all_tasks_blocked();
  const auto waiting = create_task(readable(server.number()));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  client.shutdown_send();
  co_await waiting;
  EXPECT_EQ(co_await receiving, "");
}

HOCKET_TEST(wait_readable, of_a_socket_that_is_the_loops_own_may_come_before_its_operations) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  const auto waiting = create_task(readable(server.number()));
  co_await wait_all_tasks_blocked();
  auto receiving = create_task(hocket::testing::receive_to_end(server));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  EXPECT_FALSE(receiving.done());
  client.shutdown_send();
  co_await waiting;
  EXPECT_EQ(co_await receiving, "");
}

HOCKET_TEST(wait_readable, waits_for_a_loop_of_others) {
  const foreign_number inner(::epoll_create1(EPOLL_CLOEXEC));
  const foreign_number counter(::eventfd(0, EFD_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  ::epoll_ctl(inner, EPOLL_CTL_ADD, counter, &event);
  for (int n = 0; n < 3; ++n) {
    const auto waiting = create_task(readable(inner));
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(waiting.done());
    ::eventfd_write(counter, 1);
    co_await waiting;
    eventfd_t value = 0;
    ::eventfd_read(counter, &value);
    EXPECT_EQ(value, 1U);
  }
}

HOCKET_TEST(notify_closing, ends_the_waits_and_removes_reader_and_writer) {
  auto [near, far] = foreign_sockets();
  const auto first = create_task(why_waiting_ends(near));
  const auto second = create_task(why_waiting_ends(near));
  loop::running().add_reader(near, [] {});
  co_await wait_all_tasks_blocked();
  hocket::notify_closing(near);
  const std::string expected = "wait for descriptor " + std::to_string(near) + ": Operation canceled";
  near.close();
  EXPECT_EQ(co_await first, expected);
  EXPECT_EQ(co_await second, expected);
  EXPECT_FALSE(loop::running().remove_reader(near));
  hocket::notify_closing(-1);
  hocket::notify_closing(1'000'000);
}

namespace {

coro<void> readable_in_time(int number) { co_await hocket::with_timeout(1h, wait_readable(number)); }
coro<void> write_later(const foreign_number& to) {
  co_await hocket::sleep(0s);
  to.write("x");
}

coro<void> wait_until_something_comes() {
  const auto [near, far] = foreign_sockets();
  co_await hocket::gather(readable_in_time(near), readable_in_time(near), write_later(far));
}

coro<void> wait_for_what_is_there() {
  const auto [near, far] = foreign_sockets();
  fill(near);
  far.write("x");
  co_await wait_readable(near);
  co_await hocket::with_timeout(1h, wait_readable(near));
}

coro<void> have_a_function_called() {
  const auto [near, far] = foreign_sockets();
  hocket::event called;
  loop::running().add_reader(near, [&] { called.set(); });
  const auto wait = [&]() -> coro<void> { co_await hocket::gather(called.wait(), write_later(far)); };
  const auto remove = [&]() -> coro<void> {
    loop::running().remove_reader(near);
    co_return;
  };
  co_await hocket::finally(wait, remove);
}

}  // namespace

TEST(wait_readable, cancelled_anywhere_or_failing_it_leaves_nothing_behind) {
  const auto cancelled = hocket::testing::cancel_at_every_suspension(wait_until_something_comes);
  EXPECT_TRUE(cancelled.none()) << cancelled.to_string();
  const auto failed = hocket::testing::fail_each_operation(wait_until_something_comes);
  EXPECT_TRUE(failed.none()) << failed.to_string();
  const auto starved = hocket::testing::fail_each_allocation(wait_for_what_is_there);
  EXPECT_TRUE(starved.none()) << starved.to_string();
}

TEST(add_reader, cancelled_anywhere_or_without_memory_it_leaves_nothing_behind) {
  const auto cancelled = hocket::testing::cancel_at_every_suspension(have_a_function_called);
  EXPECT_TRUE(cancelled.none()) << cancelled.to_string();
}
