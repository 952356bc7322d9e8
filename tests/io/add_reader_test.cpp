// loop::add_reader and add_writer, on descriptors that are none of the loop's.

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <io/foreign_numbers.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/told.hpp>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <hocket/core/context_var.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::event;
using hocket::loop;
using hocket::testing::fill;
using hocket::testing::foreign_number;
using hocket::testing::foreign_pipe;
using hocket::testing::foreign_sockets;
using hocket::testing::told;
using hocket::testing::wait_all_tasks_blocked;

namespace {

coro<void> turns(int count) {
  while (count-- > 0) co_await hocket::sleep(0s);
}

/// Waits until `number` is told to be readable, once.
coro<void> is_read_once(int number) {
  event seen;
  loop::running().add_reader(number, [&] {
    seen.set();
    loop::running().remove_reader(number);
  });
  co_await seen.wait();
}

std::string refusal(int number) {
  try {
    loop::running().add_reader(number, [] {});
  } catch (const std::system_error& refused) {
    return refused.what();
  }
  return "none";
}

}  // namespace

HOCKET_TEST(add_reader, calls_the_function_once_a_turn_as_long_as_there_is_something_to_read) {
  const auto [near, far] = foreign_pipe();
  far.write("unread");
  std::vector<std::uint64_t> called_in;
  event enough;
  loop::running().add_reader(near, [&] {
    called_in.push_back(loop::running().counters().turns);
    if (called_in.size() == 100) enough.set();
  });
  co_await enough.wait();
  for (std::size_t n = 1; n < 100; ++n) EXPECT_EQ(called_in[n], called_in[n - 1] + 1);

  EXPECT_EQ(near.read(), "unread");
  co_await turns(3);
  const std::size_t calls = called_in.size();
  co_await turns(100);
  EXPECT_EQ(called_in.size(), calls);
  EXPECT_TRUE(loop::running().remove_reader(near));
}

HOCKET_TEST(add_reader, calls_the_function_when_something_comes) {
  const auto [near, far] = foreign_sockets();
  std::string received;
  event all;
  loop::running().add_reader(near, [&] {
    received += near.read();
    if (received.size() == 6) all.set();
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(received, "");
  far.write("one");
  co_await wait_all_tasks_blocked();
  far.write("two");
  co_await all.wait();
  EXPECT_EQ(received, "onetwo");
  loop::running().remove_reader(near);
}

HOCKET_TEST(add_reader, keeps_a_flood_on_one_descriptor_from_starving_another_and_the_tasks) {
  const auto [flooded, flooding] = foreign_pipe();
  const auto [near, far] = foreign_pipe();
  flooding.write("x");
  far.write("x");
  int of_flooded = 0;
  int of_other = 0;
  loop::running().add_reader(flooded, [&] { ++of_flooded; });
  loop::running().add_reader(near, [&] { ++of_other; });
  co_await turns(100);
  EXPECT_GE(of_other, 98);
  EXPECT_LE(of_flooded, 102);
  loop::running().remove_reader(flooded);
  loop::running().remove_reader(near);
}

HOCKET_TEST(add_reader, hears_of_the_end) {
  auto [near, far] = foreign_pipe();
  const auto waiting = create_task(is_read_once(near));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  far.close();
  co_await waiting;
}

HOCKET_TEST(add_reader, replaces_the_function_that_was_there) {
  const auto [near, far] = foreign_pipe();
  const auto held_by_the_first = std::make_shared<int>();
  int first = 0;
  event second;
  loop::running().add_reader(near, [&first, held_by_the_first] { ++first; });
  co_await wait_all_tasks_blocked();
  loop::running().add_reader(near, [&] { second.set(); });
  EXPECT_EQ(held_by_the_first.use_count(), 1);
  far.write("x");
  co_await second.wait();
  EXPECT_EQ(first, 0);
  EXPECT_TRUE(loop::running().remove_reader(near));
  EXPECT_FALSE(loop::running().remove_reader(near));
}

HOCKET_TEST(add_writer, calls_the_function_as_long_as_there_is_room) {
  const auto [near, far] = foreign_pipe();
  fill(far);
  int calls = 0;
  event twice;
  loop::running().add_writer(far, [&] {
    if (++calls == 2) twice.set();
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(calls, 0);
  for (int n = 0; n < 16; ++n) EXPECT_FALSE(near.read().empty());
  co_await twice.wait();
  EXPECT_TRUE(loop::running().remove_writer(far));
  EXPECT_FALSE(loop::running().remove_writer(far));
}

HOCKET_TEST(add_writer, stands_beside_a_reader_of_the_same_descriptor) {
  const auto [near, far] = foreign_sockets();
  event readable;
  event writable;
  fill(near);
  loop::running().add_reader(near, [&] { readable.set(); });
  loop::running().add_writer(near, [&] {
    writable.set();
    EXPECT_TRUE(loop::running().remove_writer(near));
  });
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(readable.is_set());
  EXPECT_FALSE(writable.is_set());
  far.write("x");
  co_await readable.wait();
  EXPECT_FALSE(writable.is_set());
  EXPECT_TRUE(loop::running().remove_reader(near));
  while (!writable.is_set()) {
    EXPECT_FALSE(far.read().empty());
    co_await wait_all_tasks_blocked();
  }
  EXPECT_FALSE(loop::running().remove_reader(near));
  EXPECT_FALSE(loop::running().remove_writer(near));
}

HOCKET_TEST(add_reader, may_remove_and_replace_itself_and_others_within_its_call) {
  const auto [near, far] = foreign_pipe();
  const auto [other, other_far] = foreign_pipe();
  far.write("x");
  other_far.write("x");
  std::string trace;
  event done;
  loop& here = loop::running();
  here.add_reader(near, [&, held = std::make_shared<std::string>("first;")] {
    here.remove_reader(other);
    here.add_reader(near, [&] {
      trace += "second;";
      here.remove_reader(near);
      done.set();
    });
    trace += *held;  // still there
  });
  here.add_reader(other, [&] { trace += "other;"; });
  co_await done.wait();
  co_await turns(3);
  EXPECT_TRUE(trace == "first;second;" || trace == "other;first;second;") << trace;
}

HOCKET_TEST(remove_reader, means_that_it_is_not_called_any_more_although_it_was_due) {
  const auto [near, far] = foreign_pipe();
  far.write("x");
  bool called = false;
  loop::running().add_reader(near, [&] { called = true; });
  EXPECT_TRUE(loop::running().remove_reader(near));
  co_await turns(5);
  EXPECT_FALSE(called);
  EXPECT_FALSE(loop::running().remove_reader(-1));
  EXPECT_FALSE(loop::running().remove_writer(12345));
}

HOCKET_TEST(remove_reader, lets_the_descriptor_be_closed_and_its_number_be_used_again) {
  for (int n = 0; n < 3; ++n) {
    auto [near, far] = foreign_pipe();
    const auto waiting = create_task(is_read_once(near));
    co_await wait_all_tasks_blocked();
    EXPECT_FALSE(waiting.done());
    far.write("x");
    co_await waiting;
  }
}

HOCKET_TEST(add_reader, runs_in_a_copy_of_the_context_in_which_it_was_called) {
  static hocket::context_var<int> number("number", 0);
  const auto [near, far] = foreign_pipe();
  far.write("x");
  std::vector<int> seen;
  event twice;
  number.set(1);
  loop::running().add_reader(near, [&] {
    seen.push_back(number.get());
    number.set(7);
    if (seen.size() == 2) twice.set();
  });
  number.set(2);
  co_await twice.wait();
  EXPECT_EQ(seen, (std::vector{1, 7}));
  EXPECT_EQ(number.get(), 2);
  loop::running().remove_reader(near);
}

HOCKET_TEST(add_reader, tells_the_exception_handler_what_the_function_throws_and_calls_it_again) {
  const auto [near, far] = foreign_pipe();
  far.write("x");
  const told reports;
  int calls = 0;
  event done;
  loop::running().add_reader(near, [&] {
    if (++calls < 3) throw std::runtime_error("no");
    loop::running().remove_reader(near);
    done.set();
  });
  co_await done.wait();
  EXPECT_EQ(reports.messages, (std::vector<std::string>{"a callback threw", "a callback threw"}));
}

HOCKET_TEST(add_reader, works_for_what_is_no_socket) {
  const foreign_number counter(::eventfd(0, EFD_CLOEXEC));
  auto waiting = create_task(is_read_once(counter));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  ::eventfd_write(counter, 1);
  co_await waiting;

  const foreign_number set(::epoll_create1(EPOLL_CLOEXEC));
  const auto [near, far] = foreign_pipe();
  epoll_event event{.events = EPOLLIN, .data = {}};
  ::epoll_ctl(set, EPOLL_CTL_ADD, near, &event);
  waiting = create_task(is_read_once(set));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  far.write("x");
  co_await waiting;

  const foreign_number person(static_cast<int>(TEMP_FAILURE_RETRY(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))));
  ::grantpt(person);
  ::unlockpt(person);
  const foreign_number terminal(
      static_cast<int>(TEMP_FAILURE_RETRY(::open(::ptsname(person), O_RDWR | O_NOCTTY | O_CLOEXEC))));
  waiting = create_task(is_read_once(terminal));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(waiting.done());
  person.write("typed\n");
  co_await waiting;

  const foreign_number clock(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 1'000'000}};
  ::timerfd_settime(clock, 0, &soon, nullptr);
  co_await is_read_once(clock);
}

HOCKET_TEST(add_reader, refuses_files_and_folders_and_what_is_not_open) {
  const hocket::testing::temporary_directory folder;
  const foreign_number file(::open((folder / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const foreign_number opened(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto refused = [](int number) {
    return "cannot watch descriptor " + std::to_string(number) +
           ", a file or folder is always ready: Operation not permitted";
  };
  EXPECT_EQ(refusal(file), refused(file));
  EXPECT_EQ(refusal(opened), refused(opened));
  EXPECT_EQ(refusal(-1), "descriptor -1: Bad file descriptor");
  EXPECT_EQ(refusal(1'000'000), "descriptor 1000000: Bad file descriptor");
  EXPECT_FALSE(loop::running().remove_reader(file));
  co_return;
}

HOCKET_TEST(add_reader, leaves_the_descriptor_open_and_its_flags_as_they_are) {
  for (const int flags : {O_CLOEXEC, O_CLOEXEC | O_NONBLOCK}) {
    const auto [near, far] = foreign_pipe(flags);
    const int before = near.flags();
    far.write("x");
    co_await is_read_once(near);
    EXPECT_EQ(near.flags(), before);
    EXPECT_EQ(near.read(), "x");
  }
}

HOCKET_TEST(add_reader, watches_a_socket_that_is_the_loops_own_beside_its_operations) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  auto receiving = create_task(hocket::testing::receive_to_end(server));
  co_await wait_all_tasks_blocked();
  int calls = 0;
  event told;
  loop::running().add_reader(server.number(), [&] {
    ++calls;
    told.set();
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(calls, 0);
  client.shutdown_send();  // the end stays readable
  co_await told.wait();
  EXPECT_TRUE(loop::running().remove_reader(server.number()));
  EXPECT_EQ(co_await receiving, "");
}

HOCKET_TEST(add_reader, survives_a_descriptor_that_is_closed_too_early_and_serves_its_number_anew) {
  const told reports;
  auto [near, far] = foreign_pipe();
  const int number = near;
  const foreign_number second(::fcntl(near, F_DUPFD_CLOEXEC, 100));  // keeps it open
  loop::running().add_reader(number, [] {});
  co_await wait_all_tasks_blocked();
  near.close();
  far.write("x");
  auto [fresh, fresh_far] = foreign_pipe();
  if (fresh != number) fresh = foreign_number(::dup2(fresh, number));
  co_await hocket::sleep(1s);
  const auto waiting = create_task(is_read_once(number));
  co_await hocket::sleep(1s);
  EXPECT_FALSE(waiting.done());
  fresh_far.write("y");
  co_await waiting;
}

HOCKET_TEST(add_writer, of_a_reused_number_is_served_although_its_reader_is_of_the_old_one) {
  auto [near, far] = foreign_sockets();
  const int number = near;
  loop::running().add_reader(number, [] {});
  co_await wait_all_tasks_blocked();
  near.close();
  auto [fresh, fresh_far] = foreign_sockets();
  if (fresh != number) fresh = foreign_number(::dup2(fresh, number));
  fill(fresh);
  event writable;
  loop::running().add_writer(number, [&] {
    writable.set();
    loop::running().remove_writer(number);
  });
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(writable.is_set());
  while (!writable.is_set()) {
    EXPECT_FALSE(fresh_far.read().empty());
    co_await wait_all_tasks_blocked();
  }
  loop::running().remove_reader(number);
}

TEST(add_reader, ends_with_the_loop_that_lets_go_of_all) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto [near, far] = foreign_sockets();
    const auto [ready, writer] = foreign_pipe();
    writer.write("x");
    const std::size_t before = hocket::testing::count_open_numbers();
    const auto held = std::make_shared<int>();
    {
      loop closed({.backend = backend});
      closed.add_reader(near, [held] {});
      closed.add_writer(near, [held] {});
      closed.add_reader(ready, [held] {});
      closed.call_soon([&closed] { closed.call_soon([&closed] { closed.stop(); }); });
      closed.run_forever();
      EXPECT_EQ(held.use_count(), 4);
      closed.close();
      EXPECT_EQ(held.use_count(), 1);
      EXPECT_FALSE(closed.remove_reader(near));
      EXPECT_THROW(closed.add_reader(near, [] {}), hocket::loop_closed);
    }
    EXPECT_EQ(hocket::testing::count_open_numbers(), before);
    EXPECT_GE(near.flags(), 0);
  }
}

TEST(add_reader, of_a_loop_that_never_ran_is_dropped_with_it) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto [near, far] = foreign_sockets();
    const auto held = std::make_shared<int>();
    loop({.backend = backend}).add_reader(near, [held] {});
    EXPECT_EQ(held.use_count(), 1);
  }
}

TEST(add_reader, is_refused_on_another_thread_in_debug_mode) {
  const auto [near, far] = foreign_pipe();
  std::string why;
  const auto main = [&]() -> coro<void> {
    std::thread([&, &here = loop::running()] {
      try {
        here.add_reader(near, [] {});
      } catch (const hocket::invalid_state_error& refused) {
        why = refused.what();
      }
    }).join();
    co_return;
  };
  hocket::run(main(), {.debug = true});
  EXPECT_EQ(why, "add_reader was called on another thread than the loop's: use loop::call_soon_threadsafe");
}
