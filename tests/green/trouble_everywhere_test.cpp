// Green threads that are cancelled wherever they wait, and that get no memory, once or from then on, wherever they ask for some.

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <netdb.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/test.hpp>

#include "pair_of_ends.hpp"

using namespace std::chrono_literals;
using hocket::coro;
namespace green = hocket::green;

namespace {

using hocket::testing::cancel_by;
using hocket::testing::shortage;

void endures_trouble_everywhere(coro<void> (*body)(),
                                const std::vector<shortage>& shortages = {shortage::once, shortage::lasting}) {
  for (const auto backend : hocket::testing::every_backend()) {
    SCOPED_TRACE(hocket::testing::name_of(backend));
    for (const auto how : shortages) {
      const auto starved = hocket::testing::fail_each_allocation(body, {.backend = backend}, how);
      EXPECT_GT(starved.runs, 2U);
      EXPECT_TRUE(starved.none()) << starved.to_string();
    }
    for (const auto how : {cancel_by::task, cancel_by::scope}) {
      const auto cancelled = hocket::testing::cancel_at_every_suspension(body, {.backend = backend}, how);
      EXPECT_TRUE(cancelled.none()) << cancelled.to_string();
    }
    EXPECT_EQ(green::stacks_here().in_use, 0U);
  }
}

int twice(int number) {
  green::sleep(1s);
  return 2 * number;
}

/// Runs `functions` in green threads of their own, side by side; if one does not make it, the others are given up.
template <class... Functions>
coro<void> together(Functions... functions) {
  const auto body = [&](hocket::task_group& group) -> coro<void> {
    (group.create_task(green::run(std::move(functions))), ...);
    co_return;
  };
  co_await hocket::with_task_group(body);
}

/// Waits for the end of those who are made by `function`, for which it takes some memory.
template <class Function>
auto with_members(Function function) {
  return [function] {
    green::group members;
    try {
      function(members);
    } catch (...) {
      hocket::cancel_scope shield({.shield = true});
      green::with_scope(shield, [&members] { members.kill(); });
      throw;
    }
  };
}

coro<void> spawn_and_wait() {
  co_await together(with_members([](green::group& members) {
    members.expect_member();
    auto later = green::spawn_later(1s, [] { return twice(1); });
    members.add(later);
    auto other = members.spawn([] { return twice(2); }, {.name = "a name that is too long to be kept in place"});
    EXPECT_EQ(green::wait(other) + green::wait(later), 6);
  }));
}

TEST(green_spawn, endures_trouble_everywhere) { endures_trouble_everywhere(spawn_and_wait, {shortage::once}); }

coro<void> join_and_kill() {
  co_await together(with_members([](green::group& members) {
    members.spawn([] { green::sleep(1s); });
    members.spawn([] { green::sleep(1h); });
    EXPECT_FALSE(members.join(2s));
    members.kill();
  }));
}

TEST(green_group, endures_trouble_everywhere) { endures_trouble_everywhere(join_and_kill, {shortage::once}); }

coro<void> map_by_a_pool() {
  co_await together([] {
    green::pool workers(2);
    EXPECT_EQ(workers.map(twice, std::vector{1, 2, 3}), (std::vector{2, 4, 6}));
  });
}

TEST(green_pool, endures_trouble_everywhere) { endures_trouble_everywhere(map_by_a_pool); }

coro<void> take_one_by_one() {
  co_await together([] {
    green::pool workers(2);
    try {
      int sum = 0;
      for (const int each : workers.imap(twice, std::vector{1, 2, 3})) sum += each;
      for (const int each : workers.imap_unordered(twice, std::vector{1, 2, 3})) sum += each;
      EXPECT_EQ(sum, 24);
    } catch (...) {
      hocket::cancel_scope shield({.shield = true});
      green::with_scope(shield, [&workers] { workers.kill(); });
      throw;
    }
  });
}

TEST(green_imap, endures_trouble_everywhere) { endures_trouble_everywhere(take_one_by_one, {shortage::once}); }

coro<void> meet_in_a_channel() {
  const auto channel = std::make_shared<green::channel<std::string>>();
  const auto send = [channel] {
    for (int n = 0; n < 3; ++n) channel->send("an item that is too long to be kept in place");
  };
  const auto receive = [channel] {
    for (int n = 0; n < 3; ++n) static_cast<void>(channel->receive());
  };
  co_await together(send, receive);
}

TEST(green_channel, endures_trouble_everywhere) { endures_trouble_everywhere(meet_in_a_channel); }

coro<void> wait_for_one_another() {
  struct shared {
    green::queue<int> numbers{1};
    green::event is_first;
    green::async_result<int> sum;
  };
  const auto all = std::make_shared<shared>();
  const auto give = [all] {
    all->is_first.wait();
    for (int n = 0; n < 3; ++n) all->numbers.put(n);
    EXPECT_EQ(all->sum.get(1h), 3);
  };
  const auto take = [all] {
    all->is_first.set();
    int sum = 0;
    for (int n = 0; n < 3; ++n) sum += all->numbers.get(1h).value();
    all->sum.set(sum);
  };
  co_await together(give, take);
}

TEST(green_queue, endures_trouble_everywhere) { endures_trouble_everywhere(wait_for_one_another); }

coro<void> wait_within_limits() {
  co_await together([] {
    const auto outer = green::timeout::start_new(3s);
    try {
      const auto inner = green::timeout::start_new(1s);
      green::sleep(2s);
    } catch (const green::timeout_expired&) {
    }
    try {
      green::with_timeout(1s, [] { green::sleep(2s); });
    } catch (const hocket::timeout_error&) {
    }
    hocket::cancel_scope scope({.deadline = hocket::loop::running().time_after(500ms)});
    green::with_scope(scope, [] { green::sleep(2s); });
  });
}

TEST(green_timeout, endures_trouble_everywhere) { endures_trouble_everywhere(wait_within_limits); }

coro<void> call_on_threads() {
  co_await together([] {
    green::thread_pool threads(2);
    EXPECT_EQ(threads.apply([] { return 7; }), 7);
    EXPECT_EQ(threads.map([](int n) { return n + 1; }, std::vector{1, 2, 3}), (std::vector{2, 3, 4}));
    EXPECT_EQ(green::in_thread([] { return 8; }), 8);
  });
}

TEST(green_thread_pool, endures_trouble_everywhere) { endures_trouble_everywhere(call_on_threads); }

// What C makes of it is its affair: a call fails, or gives something.
coro<void> wait_in_calls_of_c() {
  const auto ends = std::make_shared<const pair_of_ends>();
  const auto read = [ends] {
    std::array<char, 4> bytes{};
    std::array<pollfd, 2> which{{{ends->here, POLLIN, 0}, {ends->there, POLLPRI, 0}}};
    ::poll(which.data(), which.size(), 5000);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(ends->here, &readable);
    timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::select(ends->here + 1, &readable, nullptr, nullptr, &limit);
    ::recv(ends->here, bytes.data(), 2, MSG_WAITALL);
    static_cast<void>(!::read(ends->here, bytes.data(), 2));
  };
  const auto write = [ends] {
    addrinfo* found = nullptr;
    if (::getaddrinfo("127.0.0.1", "80", nullptr, &found) == 0) ::freeaddrinfo(found);
    ::usleep(1000);
    static_cast<void>(!::write(ends->there, "ab", 2));
    ::sleep(1);
    ::send(ends->there, "cd", 2, MSG_NOSIGNAL);
    ::shutdown(ends->there, SHUT_WR);
  };
  co_await together(read, write);
}

TEST(green_patch, endures_trouble_everywhere) { endures_trouble_everywhere(wait_in_calls_of_c); }

}  // namespace
