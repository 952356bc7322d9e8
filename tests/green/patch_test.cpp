// Blocking calls in green threads. Under a virtual clock each waiting call takes the time that it says and no more.

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/gather.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

#include "pair_of_ends.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;
namespace green = hocket::green;

namespace {

HOCKET_TEST(green_patch, sleeps_let_others_run) {
  green::patch_all();
  const auto begin = loop::running().time();
  co_await hocket::gather(green::spawn([] { EXPECT_EQ(::sleep(3), 0U); }),
                          green::spawn([] { EXPECT_EQ(::usleep(2'000'000), 0); }), green::spawn([] {
                            const timespec length{.tv_sec = 1, .tv_nsec = 500'000'000};
                            EXPECT_EQ(::nanosleep(&length, nullptr), 0);
                            EXPECT_EQ(::clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr), 0);
                          }));
  EXPECT_EQ(loop::running().time() - begin, 3s);
}

HOCKET_TEST(green_patch, a_read_waits_for_a_write) {
  for (const bool is_pipe : {false, true}) {
    const pair_of_ends ends(is_pipe);
    auto reads = green::spawn([&ends] {
      std::array<char, 100> bytes{};
      const ssize_t got = ::read(ends.here, bytes.data(), bytes.size());
      return std::string(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    });
    auto writes = green::spawn([&ends] {
      ::sleep(1);
      EXPECT_EQ(::write(ends.there, "hello", 5), 5);
    });
    EXPECT_EQ(co_await reads, "hello");
    co_await writes;
  }
}

HOCKET_TEST(green_patch, a_write_goes_on_until_all_is_written) {
  for (const bool is_pipe : {false, true}) {
    const pair_of_ends ends(is_pipe);
    const std::string large(1'000'000, 'x');
    auto writes = green::spawn([&] { return ::write(ends.there, large.data(), large.size()); });
    auto reads = green::spawn([&] {
      std::vector<char> bytes(large.size());
      std::size_t got = 0;
      while (got < bytes.size()) {
        const ssize_t more = ::read(ends.here, bytes.data() + got, bytes.size() - got);
        if (more <= 0) break;
        got += static_cast<std::size_t>(more);
      }
      return got;
    });
    EXPECT_EQ(co_await writes, static_cast<ssize_t>(large.size()));
    EXPECT_EQ(co_await reads, large.size());
  }
}

HOCKET_TEST(green_patch, vectors_and_messages_go_whole) {
  const pair_of_ends ends;
  std::string first(300'000, 'a');
  std::string second(300'000, 'b');
  auto writes = green::spawn([&] {
    const std::array<iovec, 3> pieces{{{first.data(), first.size()}, {nullptr, 0}, {second.data(), second.size()}}};
    return ::writev(ends.there, pieces.data(), 3);
  });
  auto reads = green::spawn([&] {
    std::string all(600'000, ' ');
    EXPECT_EQ(::recv(ends.here, all.data(), all.size(), MSG_WAITALL), 600'000);
    return all;
  });
  EXPECT_EQ(co_await writes, 600'000);
  EXPECT_EQ(co_await reads, first + second);
}

HOCKET_TEST(green_patch, time_outs_of_sockets_are_kept) {
  const pair_of_ends ends;
  const timeval limit{.tv_sec = 2, .tv_usec = 0};
  EXPECT_EQ(::setsockopt(ends.here, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  const auto begin = loop::running().time();
  auto reads = green::spawn([&ends] {
    char byte = 0;
    const ssize_t got = ::recv(ends.here, &byte, 1, 0);
    return got < 0 ? errno : 0;
  });
  EXPECT_EQ(co_await reads, EAGAIN);
  EXPECT_EQ(loop::running().time() - begin, 2s);
}

HOCKET_TEST(green_patch, descriptors_that_are_nonblocking_stay_so) {
  const pair_of_ends ends;
  EXPECT_EQ(::fcntl(ends.here, F_SETFL, O_NONBLOCK), 0);
  auto reads = green::spawn([&ends] {
    char byte = 0;
    const ssize_t got = ::read(ends.here, &byte, 1);
    return got < 0 ? errno : 0;
  });
  EXPECT_EQ(co_await reads, EAGAIN);
}

HOCKET_TEST(green_patch, poll_waits_for_the_first_of_many_or_its_time) {
  const pair_of_ends quiet;
  const pair_of_ends speaking;
  auto polls = green::spawn([&] {
    std::array<pollfd, 3> which{{{quiet.here, POLLIN, 0}, {-1, POLLIN, 0}, {speaking.here, POLLIN, 0}}};
    EXPECT_EQ(::poll(which.data(), which.size(), 60'000), 1);
    EXPECT_EQ(which[0].revents, 0);
    EXPECT_EQ(which[2].revents, POLLIN);
    const auto begin = loop::running().time();
    EXPECT_EQ(::poll(which.data(), 1, 1500), 0);
    EXPECT_EQ(loop::running().time() - begin, 1500ms);
    EXPECT_EQ(::poll(nullptr, 0, 500), 0);
    EXPECT_EQ(loop::running().time() - begin, 2s);
  });
  co_await hocket::sleep(1s);
  EXPECT_EQ(::write(speaking.there, "x", 1), 1);
  co_await polls;
}

HOCKET_TEST(green_patch, poll_tells_of_numbers_that_are_none) {
  green::patch_all();
  auto polls = green::spawn([] {
    std::array<pollfd, 1> which{{{987, POLLIN, 0}}};
    EXPECT_EQ(::poll(which.data(), 1, -1), 1);
    return which[0].revents;
  });
  EXPECT_EQ(co_await polls, POLLNVAL);
}

HOCKET_TEST(green_patch, select_waits_and_gives_its_sets_back) {
  const pair_of_ends ends;
  auto selects = green::spawn([&ends] {
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(ends.here, &readable);
    timeval limit{.tv_sec = 1, .tv_usec = 0};
    EXPECT_EQ(::select(ends.here + 1, &readable, nullptr, nullptr, &limit), 0);
    EXPECT_FALSE(FD_ISSET(ends.here, &readable));
    FD_SET(ends.here, &readable);
    EXPECT_EQ(::select(ends.here + 1, &readable, nullptr, nullptr, nullptr), 1);
    EXPECT_TRUE(FD_ISSET(ends.here, &readable));
  });
  co_await hocket::sleep(2s);
  EXPECT_EQ(::write(ends.there, "x", 1), 1);
  co_await selects;
}

HOCKET_TEST(green_patch, epoll_wait_waits_for_a_set_of_its_owner) {
  const pair_of_ends ends;
  const int set = ::epoll_create1(0);
  epoll_event wanted{.events = EPOLLIN, .data = {.u64 = 7}};
  EXPECT_EQ(::epoll_ctl(set, EPOLL_CTL_ADD, ends.here, &wanted), 0);
  auto waits = green::spawn([set] {
    epoll_event found{};
    EXPECT_EQ(::epoll_wait(set, &found, 1, 1000), 0);
    EXPECT_EQ(::epoll_wait(set, &found, 1, -1), 1);
    return found.data.u64;
  });
  co_await hocket::sleep(2s);
  EXPECT_EQ(::write(ends.there, "x", 1), 1);
  EXPECT_EQ(co_await waits, 7U);
  ::close(set);
}

HOCKET_TEST(green_patch, connects_accepts_and_talks) {
  green::patch_all();
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  EXPECT_EQ(::listen(listener, 5), 0);
  socklen_t size = sizeof where;
  EXPECT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size), 0);
  auto server = green::spawn([listener] {
    const int peer = ::accept(listener, nullptr, nullptr);
    std::array<char, 5> heard{};
    EXPECT_EQ(::recv(peer, heard.data(), heard.size(), MSG_WAITALL), 5);
    EXPECT_EQ(::send(peer, heard.data(), heard.size(), 0), 5);
    ::close(peer);
  });
  auto client = green::spawn([where] {
    ::sleep(1);
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    EXPECT_EQ(::send(socket, "abcde", 5, 0), 5);
    std::array<char, 10> heard{};
    const ssize_t got = ::recv(socket, heard.data(), heard.size(), MSG_WAITALL);
    EXPECT_EQ(::fcntl(socket, F_GETFL) & O_NONBLOCK, 0) << "it stays blocking";
    ::close(socket);
    return std::string(heard.data(), static_cast<std::size_t>(got));
  });
  EXPECT_EQ(co_await client, "abcde");
  co_await server;
  ::close(listener);
  auto refused = green::spawn([where] {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const int answer = ::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) < 0 ? errno : 0;
    ::close(socket);
    return answer;
  });
  EXPECT_EQ(co_await refused, ECONNREFUSED);
}

HOCKET_TEST(green_patch, close_ends_the_waits_of_others) {
  green::patch_all();
  std::array<int, 2> both{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, both.data()), 0);
  auto reads = green::spawn([&both] {
    char byte = 0;
    return ::recv(both[0], &byte, 1, 0) < 0 ? errno : 0;
  });
  auto closes = green::spawn([&both] {
    green::sleep(1s);
    ::close(both[0]);
  });
  EXPECT_EQ(co_await reads, EBADF);
  co_await closes;
  ::close(both[1]);
}

HOCKET_TEST(green_patch, looks_names_up) {
  green::patch_all();
  auto looks = green::spawn([] {
    addrinfo* found = nullptr;
    EXPECT_EQ(::getaddrinfo("127.0.0.1", "80", nullptr, &found), 0);
    EXPECT_NE(found, nullptr);
    ::freeaddrinfo(found);
    const hostent* const host = ::gethostbyname("127.0.0.1");
    return host != nullptr ? std::string(host->h_name) : "none";
  });
  EXPECT_EQ(co_await looks, "127.0.0.1");
}

HOCKET_REAL_TIME_TEST(green_patch, waits_for_children) {
  green::patch_all();
  auto waits = green::spawn([] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(3);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
  });
  EXPECT_EQ(co_await waits, 3);
}

HOCKET_TEST(green_patch, any_child_is_waited_for_and_what_it_used_is_told) {
  green::patch_all();
  const auto child_that_ends_with = [](int code) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(code);
    return child;
  };
  auto waits = green::spawn([&] {
    int status = 0;
    rusage used{};
    const pid_t first = child_that_ends_with(3);
    EXPECT_EQ(::wait4(first, &status, 0, &used), first);
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_GT(used.ru_maxrss, 0);
    const pid_t second = child_that_ends_with(4);
    EXPECT_EQ(::wait(&status), second);
    return WEXITSTATUS(status);
  });
  EXPECT_EQ(co_await waits, 4);
}

HOCKET_TEST(green_patch, a_cancellation_fails_the_call_and_is_thrown_when_it_may) {
  const pair_of_ends ends;
  int first = 0;
  int second = 0;
  auto reads = green::spawn([&] {
    char byte = 0;
    first = ::recv(ends.here, &byte, 1, 0) < 0 ? errno : 0;
    second = ::recv(ends.here, &byte, 1, 0) < 0 ? errno : 0;  // as a library does that tries again
  });
  co_await wait_all_tasks_blocked();
  reads.cancel();
  EXPECT_TRUE(co_await ends_cancelled(reads));
  EXPECT_EQ(first, ECANCELED);
  EXPECT_EQ(second, ECANCELED);
}

HOCKET_TEST(green_patch, a_limit_of_time_around_code_that_blocks) {
  const pair_of_ends ends;
  auto reads = green::spawn([&ends] {
    try {
      green::with_timeout(1s, [&ends] {
        char byte = 0;
        return ::recv(ends.here, &byte, 1, 0);
      });
      return false;
    } catch (const hocket::timeout_error&) {
      ::sleep(1);  // waits as ever
      return true;
    }
  });
  const auto begin = loop::running().time();
  EXPECT_TRUE(co_await reads);
  EXPECT_EQ(loop::running().time() - begin, 2s);
}

HOCKET_TEST(green_patch, of_two_who_read_a_pipe_one_waits_on) {
  const pair_of_ends ends(true);
  std::string told;
  const auto read_one = [&](char name) {
    return [&told, &ends, name] {
      char byte = 0;
      EXPECT_EQ(::read(ends.here, &byte, 1), 1);
      told += name;
      told += byte;
    };
  };
  auto first = green::spawn(read_one('a'));
  auto second = green::spawn(read_one('b'));
  auto writes = green::spawn([&ends] {
    EXPECT_EQ(::write(ends.there, "1", 1), 1);
    ::sleep(1);
    EXPECT_EQ(::write(ends.there, "2", 1), 1);
  });
  co_await hocket::gather(first, second, writes);
  EXPECT_EQ(told.size(), 4U);
}

HOCKET_TEST(green_patch, calls_that_need_not_wait_let_others_run) {
  const pair_of_ends ends;
  EXPECT_EQ(::write(ends.there, std::string(1000, 'x').data(), 1000), 1000);
  auto reads = green::spawn([&ends] {
    char byte = 0;
    int count = 0;
    while (count < 1000 && ::read(ends.here, &byte, 1) == 1) ++count;
    return count;
  });
  int turns = 0;
  auto counts = green::spawn([&] {
    while (!reads.done()) {
      ++turns;
      green::sleep();
    }
  });
  EXPECT_EQ(co_await reads, 1000);
  co_await counts;
  EXPECT_GT(turns, 10);
}

HOCKET_TEST(green_patch, a_loop_that_tries_again_after_a_cancellation_does_not_hold_up_the_loop) {
  green::patch_all();
  bool may_end = false;
  auto stubborn = green::spawn([&may_end] {
    while (!may_end) ::usleep(1000);
  });
  co_await hocket::sleep(10ms);
  stubborn.cancel();
  co_await hocket::sleep(1s);
  may_end = true;
  EXPECT_TRUE(co_await ends_cancelled(stubborn));
}

HOCKET_TEST(green_patch, a_time_out_is_that_of_the_whole_call) {
  const pair_of_ends ends;
  const timeval limit{.tv_sec = 2, .tv_usec = 0};
  EXPECT_EQ(::setsockopt(ends.here, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  auto reads = green::spawn([&ends] {
    std::array<char, 100> bytes{};
    return ::recv(ends.here, bytes.data(), bytes.size(), MSG_WAITALL);
  });
  auto drips = green::spawn([&] {
    while (!reads.done()) {
      EXPECT_EQ(::write(ends.there, "x", 1), 1);
      green::sleep(500ms);
    }
  });
  EXPECT_LT(co_await reads, 10);
  co_await drips;
}

HOCKET_TEST(green_patch, a_unix_listener_that_is_full_is_waited_for) {
  green::patch_all();
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const std::string name =
      "hocket-green-" + std::to_string(::getpid()) + "-" + std::to_string(reinterpret_cast<std::uintptr_t>(&where));
  std::memcpy(where.sun_path + 1, name.data(), name.size());  // abstract
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const auto* const address = reinterpret_cast<const sockaddr*>(&where);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(::bind(listener, address, size), 0);
  EXPECT_EQ(::listen(listener, 0), 0);
  int connected = 0;
  std::vector<hocket::task<>> all;
  for (int n = 0; n < 5; ++n)
    all.push_back(green::spawn([&] {
      const int mine = ::socket(AF_UNIX, SOCK_STREAM, 0);
      EXPECT_EQ(::connect(mine, address, size), 0);
      ++connected;
      ::close(mine);
    }));
  all.push_back(green::spawn([listener] {
    ::sleep(1);
    for (int n = 0; n < 5; ++n) ::close(::accept(listener, nullptr, nullptr));
  }));
  for (auto& each : all) co_await each;
  EXPECT_EQ(connected, 5);
  ::close(listener);
}

HOCKET_TEST(green_patch, elsewhere_calls_are_as_ever) {
  const pair_of_ends ends;
  char byte = 0;
  EXPECT_EQ(::recv(ends.here, &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, EAGAIN);
  pollfd which{ends.here, POLLIN, 0};
  EXPECT_EQ(::poll(&which, 1, 0), 0);
  co_return;
}

HOCKET_TEST(green_patch, a_child_of_vfork_ends_no_waits_of_its_parent) {
  const pair_of_ends ends(true);
  auto reads = green::spawn([&ends] {
    char byte = 0;
    return ::read(ends.here, &byte, 1);
  });
  co_await wait_all_tasks_blocked();
  co_await green::spawn([&ends] {
    const pid_t child = ::vfork();
    if (child == 0) {
      ::close(ends.here);
      ::_exit(0);
    }
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(::write(ends.there, "x", 1), 1);
  });
  EXPECT_EQ(co_await reads, 1);
}

}  // namespace
