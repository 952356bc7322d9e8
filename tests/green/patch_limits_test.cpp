// What calls in green threads must not do: touch memory or settings that are not theirs, hold up the loop, wait where nobody may wait, miss a
// cancellation.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <coroutine>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <hocket/core/gather.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

#include "pair_of_ends.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

using word = unsigned long;
constexpr int bits = 8 * sizeof(word);

HOCKET_TEST(green_patch_limits, select_leaves_alone_what_lies_behind_its_words) {
  const pair_of_ends ends;
  const auto words = static_cast<std::size_t>(ends.here / bits + 1);
  std::vector<word> memory(words + 20, 0);
  memory[words - 1] = word{1} << ends.here % bits;
  auto selects = green::spawn([&] {
    timeval limit{.tv_sec = 2, .tv_usec = 0};
    return ::select(ends.here + 1, reinterpret_cast<fd_set*>(memory.data()), nullptr, nullptr, &limit);
  });
  co_await hocket::sleep(1s);
  std::ranges::fill(memory.begin() + static_cast<std::ptrdiff_t>(words), memory.end(), 42);
  EXPECT_EQ(co_await selects, 0);
  EXPECT_EQ(memory[words - 1], 0U);
  EXPECT_EQ(std::ranges::count(memory, 42U), 20);
}

HOCKET_TEST(green_patch_limits, select_waits_for_great_numbers) {
  const pair_of_ends ends;
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = std::max<rlim_t>(most.rlim_cur, std::min<rlim_t>(most.rlim_max, 4096));
  ::setrlimit(RLIMIT_NOFILE, &most);
  const int great = ::fcntl(ends.here, F_DUPFD, 1500);
  EXPECT_GE(great, 1500);
  std::vector<word> set(static_cast<std::size_t>(great / bits + 1));
  set.back() = word{1} << great % bits;
  auto selects = green::spawn(
      [&] { return ::select(great + 1, reinterpret_cast<fd_set*>(set.data()), nullptr, nullptr, nullptr); });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(::write(ends.there, "x", 1), 1);
  EXPECT_EQ(co_await selects, 1);
  EXPECT_NE(set.back(), 0U);
  ::close(great);
}

HOCKET_TEST(green_patch_limits, select_takes_more_than_a_second_of_microseconds_and_tells_what_is_left) {
  const pair_of_ends ends;
  auto selects = green::spawn([&ends] {
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(ends.here, &readable);
    timeval limit{.tv_sec = 1, .tv_usec = 2'500'000};
    EXPECT_EQ(::select(ends.here + 1, &readable, nullptr, nullptr, &limit), 1);
    EXPECT_EQ(limit.tv_sec, 2);
    EXPECT_EQ(limit.tv_usec, 500'000);
    FD_ZERO(&readable);
    EXPECT_EQ(::select(0, &readable, nullptr, nullptr, &limit), 0);
    EXPECT_EQ(limit.tv_sec, 0);
    EXPECT_EQ(limit.tv_usec, 0);
  });
  co_await hocket::sleep(1s);
  EXPECT_EQ(::write(ends.there, "x", 1), 1);
  co_await selects;
}

TEST(green_patch_limits, elsewhere_select_is_the_systems) {
  const pair_of_ends ends;
  EXPECT_EQ(::write(ends.there, "x", 1), 1);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(ends.here, &readable);
  timeval limit{.tv_sec = 0, .tv_usec = 1'500'000};
  EXPECT_EQ(::select(ends.here + 1, &readable, nullptr, nullptr, &limit), 1);
  limit = {.tv_sec = 0, .tv_usec = 1000};
  EXPECT_EQ(::select(0, nullptr, nullptr, nullptr, &limit), 0);
  EXPECT_EQ(limit.tv_usec, 0) << "the rest of the time";
}

HOCKET_TEST(green_patch_limits, invalid_times_are_refused) {
  green::patch_all();
  co_await green::spawn([] {
    timeval negative{.tv_sec = -1, .tv_usec = 0};
    EXPECT_EQ(::select(0, nullptr, nullptr, nullptr, &negative), -1);
    EXPECT_EQ(errno, EINVAL);
    const timespec large{.tv_sec = 0, .tv_nsec = 1'000'000'000};
    EXPECT_EQ(::ppoll(nullptr, 0, &large, nullptr), -1);
    EXPECT_EQ(errno, EINVAL);
  });
}

HOCKET_TEST(green_patch_limits, a_terminal_that_is_full_does_not_hold_up_the_loop) {
  green::patch_all();
  int master = -1;
  int slave = -1;
  EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  termios raw{};
  ::tcgetattr(slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  for (const auto& [from, to] : {std::pair(slave, master), std::pair(master, slave)}) {
    const std::string large(20'000, 'x');
    auto writes = green::spawn([&] { return ::write(from, large.data(), large.size()); });
    auto reads = green::spawn([&] {
      std::array<char, 1000> bytes{};
      std::size_t got = 0;
      while (got < large.size()) {
        const ssize_t more = ::read(to, bytes.data(), bytes.size());
        if (more <= 0) break;
        got += static_cast<std::size_t>(more);
      }
      return got;
    });
    EXPECT_EQ(co_await reads, large.size());
    EXPECT_EQ(co_await writes, static_cast<ssize_t>(large.size()));
    EXPECT_EQ(::fcntl(from, F_GETFL) & O_NONBLOCK, 0);
  }
  ::close(master);
  ::close(slave);
}

struct tcp_pair {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  int here = ::socket(AF_INET, SOCK_STREAM, 0);
  int there = -1;
  tcp_pair() {
    green::patch_all();
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    socklen_t size = sizeof where;
    EXPECT_EQ(::bind(listener, address, size), 0);
    EXPECT_EQ(::listen(listener, 5), 0);
    EXPECT_EQ(::getsockname(listener, address, &size), 0);
    EXPECT_EQ(::connect(here, address, size), 0);
  }
  tcp_pair(const tcp_pair&) = delete;
  ~tcp_pair() {
    for (const int each : {listener, here, there}) ::close(each);
  }
};

HOCKET_TEST(green_patch_limits, an_urgent_byte_waits_for_room_as_others_do) {
  tcp_pair ends;
  auto sends = green::spawn([&ends] {
    ends.there = ::accept(ends.listener, nullptr, nullptr);
    EXPECT_EQ(::fcntl(ends.listener, F_GETFL) & O_NONBLOCK, 0);
    const std::string large(1'000'000, 'x');
    while (::send(ends.here, large.data(), large.size(), MSG_DONTWAIT) > 0) {
    }
    const ssize_t sent = ::send(ends.here, "!", 1, MSG_OOB);
    ::shutdown(ends.here, SHUT_WR);
    return sent;
  });
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sends.done());
  auto reads = green::spawn([&] {
    std::vector<char> bytes(1'000'000);
    while (::recv(ends.there, bytes.data(), bytes.size(), 0) > 0) {
    }
  });
  EXPECT_EQ(co_await sends, 1);
  co_await reads;
}

struct asks_where_it_is {
  bool& is_green;
  [[nodiscard]] bool await_ready() const { return !(is_green |= green::is_green()) || true; }
  void await_suspend(std::coroutine_handle<>) const {}
  void await_resume() const { is_green |= green::is_green(); }
};

HOCKET_TEST(green_patch_limits, what_is_awaited_makes_its_calls_as_ever) {
  bool is_green = false;
  co_await green::spawn([&is_green] {
    green::wait(asks_where_it_is{is_green});
    EXPECT_TRUE(green::is_green());
  });
  EXPECT_FALSE(is_green);
}

int handlers_end = -1;
volatile std::sig_atomic_t in_handler = 0;

HOCKET_TEST(green_patch_limits, a_handler_of_signals_that_writes_without_waiting_is_not_set_aside) {
  const pair_of_ends ends;
  handlers_end = ends.there;
  EXPECT_EQ(::fcntl(ends.there, F_SETFL, O_NONBLOCK), 0);
  struct sigaction before{};
  struct sigaction mine{};
  mine.sa_handler = [](int) {
    in_handler = 1;
    static_cast<void>(!::write(handlers_end, "x", 1));
    in_handler = 0;
  };
  ::sigaction(SIGUSR2, &mine, &before);
  auto raises = green::spawn([] {
    for (int n = 0; n < 200; ++n) ::raise(SIGUSR2);
  });
  int seen = 0;
  auto looks = green::spawn([&] {
    while (!raises.done()) {
      seen += in_handler;
      green::sleep();
    }
  });
  co_await hocket::gather(raises, looks);
  EXPECT_EQ(seen, 0);
  ::sigaction(SIGUSR2, &before, nullptr);
}

HOCKET_TEST(green_patch_limits, questions_that_do_not_wait_let_others_run_and_see_a_cancellation) {
  const pair_of_ends ends;
  const int set = ::epoll_create1(0);
  const auto polls = [&ends] {
    pollfd which{ends.here, POLLIN, 0};
    return ::poll(&which, 1, 0);
  };
  const auto selects = [] {
    timeval none{};
    return ::select(0, nullptr, nullptr, nullptr, &none);
  };
  const auto waits = [set] {
    epoll_event found{};
    return ::epoll_wait(set, &found, 1, 0);
  };
  const std::array<std::function<int()>, 3> questions{polls, selects, waits};
  for (const auto& question : questions) {
    int errors = 0;
    auto asks = green::spawn([&] {
      while (question() == 0) {
      }
      errors = errno;
    });
    co_await hocket::sleep(0s);
    co_await hocket::sleep(0s);
    asks.cancel();
    EXPECT_TRUE(co_await ends_cancelled(asks));
    EXPECT_EQ(errors, ECANCELED);
  }
  ::close(set);
}

/// A child that waits until it is killed.
pid_t make_child() {
  const pid_t child = ::fork();
  if (child == 0)
    for (;;) ::pause();
  return child;
}

HOCKET_REAL_TIME_TEST(green_patch_limits, waiting_for_a_child_again_after_a_cancellation_does_not_hold_up_the_loop) {
  green::patch_all();
  const pid_t child = make_child();
  for (const int options : {0, WNOHANG}) {
    bool may_end = false;
    auto waits = green::spawn([&] {
      while (::waitpid(child, nullptr, options) <= 0 && !may_end) {
      }
    });
    co_await hocket::sleep(1ms);
    waits.cancel();
    co_await hocket::sleep(5ms);
    may_end = true;
    EXPECT_TRUE(co_await ends_cancelled(waits));
  }
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

HOCKET_REAL_TIME_TEST(green_patch_limits, waits_for_any_child_take_no_thread_and_can_be_cancelled) {
  green::patch_all();
  const pid_t child = make_child();
  std::vector<hocket::task<pid_t>> all;
  for (int n = 0; n < 64; ++n) all.push_back(green::spawn([] { return ::waitpid(-1, nullptr, 0); }));
  co_await hocket::sleep(1ms);
  co_await green::spawn([] {
    addrinfo* found = nullptr;
    EXPECT_EQ(::getaddrinfo("127.0.0.1", "80", nullptr, &found), 0);
    ::freeaddrinfo(found);
  });
  for (std::size_t n = 1; n < all.size(); ++n) all[n].cancel();
  for (std::size_t n = 1; n < all.size(); ++n) EXPECT_TRUE(co_await ends_cancelled(all[n]));
  ::kill(child, SIGKILL);
  EXPECT_EQ(co_await all[0], child);
}

HOCKET_TEST(green_patch_limits, close_ends_a_poll_of_many) {
  const pair_of_ends quiet;
  const pair_of_ends other;
  const int closed = ::dup(other.here);
  auto polls = green::spawn([&] {
    std::array<pollfd, 3> which{{{quiet.here, POLLIN, 0}, {closed, POLLIN, 0}, {quiet.here, POLLPRI, 0}}};
    EXPECT_EQ(::poll(which.data(), which.size(), -1), 1);
    return which[1].revents;
  });
  co_await wait_all_tasks_blocked();
  co_await green::spawn([closed] { ::close(closed); });
  EXPECT_EQ(co_await polls, POLLNVAL);
}

HOCKET_TEST(green_patch_limits, a_number_may_be_polled_twice) {
  const pair_of_ends ends;
  auto polls = green::spawn([&ends] {
    std::array<pollfd, 2> which{{{ends.here, POLLPRI, 0}, {ends.here, POLLIN, 0}}};
    EXPECT_EQ(::poll(which.data(), which.size(), -1), 1);
    return which[1].revents;
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(::write(ends.there, "x", 1), 1);
  EXPECT_EQ(co_await polls, POLLIN);
}

HOCKET_TEST(green_patch_limits, poll_hears_of_urgent_data) {
  tcp_pair ends;
  auto polls = green::spawn([&ends] {
    ends.there = ::accept(ends.listener, nullptr, nullptr);
    pollfd which{ends.there, POLLPRI, 0};
    EXPECT_EQ(::poll(&which, 1, -1), 1);
    return which.revents;
  });
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(::send(ends.here, "!", 1, MSG_OOB), 1);
  EXPECT_EQ(co_await polls, POLLPRI);
}

coro<void> library_at_work() {
  const auto ends = std::make_shared<const pair_of_ends>();
  auto reads = green::spawn([ends] {
    std::array<char, 4> bytes{};
    addrinfo* found = nullptr;
    if (::getaddrinfo("127.0.0.1", "80", nullptr, &found) == 0) ::freeaddrinfo(found);
    std::array<pollfd, 2> which{{{ends->here, POLLIN, 0}, {ends->there, POLLPRI, 0}}};
    ::poll(which.data(), which.size(), 5000);
    ::recv(ends->here, bytes.data(), bytes.size(), MSG_WAITALL);
  });
  auto writes = green::spawn([ends] {
    ::usleep(1000);
    static_cast<void>(!::write(ends->there, "ab", 2));
    ::sleep(1);
    static_cast<void>(!::write(ends->there, "cd", 2));
    ::shutdown(ends->there, SHUT_WR);
  });
  co_await hocket::gather(reads, writes);
}

TEST(green_patch_limits, calls_of_libraries_end_wherever_they_are_cancelled) {
  for (const auto how : {hocket::testing::cancel_by::task, hocket::testing::cancel_by::scope})
    for (const auto backend : hocket::testing::every_backend()) {
      const auto report = hocket::testing::cancel_at_every_suspension(&library_at_work, {.backend = backend}, how);
      EXPECT_GT(report.cancelled, 5U);
      EXPECT_TRUE(report.none()) << report.to_string();
      EXPECT_EQ(green::stacks_here().in_use, 0U);
    }
}

}  // namespace
