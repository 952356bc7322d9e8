#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <io/what_is_thrown.hpp>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/io/passed_socket.hpp>
#include <hocket/io/shared_address.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::passed_socket;
using hocket::shared_address;
using hocket::socket_address;
using hocket::take_passed_sockets;
using hocket::tcp_listener;
using hocket::tcp_socket;

namespace {

socket_address loopback() { return *socket_address::parse("127.0.0.1", 0); }

/// Runs `check` in a process of its own that was started with `sockets`, as a service manager does it; what it returns is empty or what is wrong.
std::string in_a_service(const std::vector<int>& sockets, const std::function<std::string()>& check) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<int> high;  // out of the way of the numbers that they are to have
    for (const int socket : sockets) high.push_back(::fcntl(socket, F_DUPFD, 100));
    const int answer = ::fcntl(pipe[1], F_DUPFD, 100);
    for (int number = 3; const int socket : high) ::dup2(socket, number++);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    std::string said;
    try {
      said = check();
    } catch (const std::exception& thrown) {
      said = thrown.what();
    }
    static_cast<void>(!::write(answer, said.data(), said.size()));
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string said;
  std::array<char, 256> piece{};
  const auto interrupted = [](auto result) { return result < 0 && errno == EINTR; };
  for (ssize_t size = -1; size != 0;) {
    size = ::read(pipe[0], piece.data(), piece.size());
    if (size < 0 && !interrupted(size)) break;
    if (size > 0) said.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(pipe[0]);
  int status = 0;
  while (interrupted(::waitpid(child, &status, 0))) continue;
  return WIFEXITED(status) ? said : "it crashed";
}

void say(const char* variable, const std::string& value) { ::setenv(variable, value.c_str(), 1); }

HOCKET_TEST(passed_sockets, come_in_order_with_their_names_once) {
  const auto web = tcp_listener::listen(loopback());
  const auto other = tcp_listener::listen(loopback());
  const std::vector<socket_address> addresses{web.local_address(), other.local_address()};
  const std::string said = in_a_service({web.number(), other.number()}, [&addresses]() -> std::string {
    say("LISTEN_FDS", "2");
    say("LISTEN_FDNAMES", "web:");
    const auto sockets = take_passed_sockets();
    if (sockets.size() != 2) return fmt::format("{} sockets", sockets.size());
    for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
      if (std::getenv(variable) != nullptr) return fmt::format("{} stays", variable);
    std::string seen;
    for (const passed_socket& each : sockets)
      seen += fmt::format("{} '{}' {} {} {}; ", each.number(), each.name(), each.is_listening(),
                          (::fcntl(each.number(), F_GETFD) & FD_CLOEXEC) != 0,
                          (::fcntl(each.number(), F_GETFL) & O_NONBLOCK) != 0);
    if (sockets[0].local_address() != addresses[0]) return "not the first";
    if (sockets[1].local_address() != addresses[1]) return "not the second";
    return seen + fmt::format("{}", take_passed_sockets().size());
  });
  EXPECT_EQ(said, "3 'web' true true true; 4 '' true true true; 0");
  co_return;
}

HOCKET_TEST(passed_sockets, without_names_are_unknown) {
  const auto web = tcp_listener::listen(loopback());
  EXPECT_EQ(in_a_service({web.number()},
                         [] {
                           say("LISTEN_FDS", "1");
                           return take_passed_sockets().at(0).name();
                         }),
            "unknown");
  co_return;
}

HOCKET_TEST(passed_sockets, of_another_process_are_left_alone) {
  EXPECT_EQ(in_a_service({},
                         [] {
                           say("LISTEN_PID", std::to_string(::getppid()));
                           say("LISTEN_FDS", "1");
                           return fmt::format("{} {}", take_passed_sockets().size(), std::getenv("LISTEN_FDS"));
                         }),
            "0 1");
  co_return;
}

HOCKET_TEST(passed_sockets, that_make_no_sense_are_refused_by_name) {
  const auto refused = [](const char* count) {
    return in_a_service({}, [count] {
      say("LISTEN_FDS", count);
      return fmt::format("{} sockets", take_passed_sockets().size());
    });
  };
  EXPECT_EQ(refused("two"), "LISTEN_FDS is 'two', which is no number");
  EXPECT_EQ(refused("-1"), "LISTEN_FDS is '-1', which is no number");
  EXPECT_EQ(refused("99999999999999999999"), "LISTEN_FDS is '99999999999999999999', which is no number");
  EXPECT_EQ(refused("10001"), "LISTEN_FDS is 10001, which is too many");
  EXPECT_EQ(refused("0"), "0 sockets");
  EXPECT_EQ(in_a_service({},
                         [] {
                           for (int number = 3; number < 10; ++number) ::close(number);
                           say("LISTEN_FDS", "1");
                           return fmt::format("{} sockets", take_passed_sockets().size());
                         }),
            "descriptor 3, which this process was started with: Bad file descriptor");
  co_return;
}

passed_socket passed(const tcp_listener& listener) { return {::fcntl(listener.number(), F_DUPFD_CLOEXEC, 0), "web"}; }

HOCKET_TEST(passed_sockets, outlive_the_listeners_that_are_made_of_them) {
  auto manager = tcp_listener::listen(loopback());
  const socket_address address = manager.local_address();
  shared_address given(passed(manager));
  EXPECT_EQ(given.address(), address);
  {
    auto first_generation = given.listen();
    const auto client = co_await tcp_socket::connect(address);
    static_cast<void>(co_await first_generation.accept());
  }
  const auto waits = co_await tcp_socket::connect(address);  // while nobody is there
  auto second_generation = given.listen();
  const auto accepted = co_await second_generation.accept();
  EXPECT_EQ(accepted.peer_address(), waits.local_address());
}

HOCKET_TEST(passed_sockets, serve_several_listeners_that_share_them) {
  auto manager = tcp_listener::listen(loopback());
  shared_address given(passed(manager));
  auto one = given.listen();
  auto other = given.listen();
  std::size_t accepted = 0;
  co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
    for (tcp_listener* const listener : {&one, &other})
      group.create_task([](tcp_listener& from, std::size_t& count, hocket::task_group& all) -> coro<void> {
        for (;;) {
          static_cast<void>(co_await from.accept());
          if (++count == 20) all.cancel();
        }
      }(*listener, accepted, group));
    for (int n = 0; n < 20; ++n) static_cast<void>(co_await tcp_socket::connect(given.address()));
  });
  EXPECT_EQ(accepted, 20U);
}

HOCKET_TEST(passed_sockets, at_which_nobody_listens_are_not_shared) {
  const int unused = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto share = [unused]() -> coro<void> {
    const shared_address shared(passed_socket(unused, "web\n"));
    co_return;
  };
  EXPECT_EQ(co_await hocket::testing::what_is_thrown(share()),
            fmt::format("nobody listens at descriptor {} ('web\uFFFD'), with which this process was started", unused));
}

}  // namespace
