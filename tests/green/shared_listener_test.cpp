// Two processes that accept from one listener, which blocks.

#include <array>
#include <csignal>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/run.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/every_backend.hpp>

namespace green = hocket::green;

namespace {

/// Accepts and closes, and answers each byte on `control`, which it can only while its loop turns.
[[noreturn]] void serve(int listener, int control, hocket::backend_kind backend) {
  green::patch_all();
  const auto answer = [=] {
    auto accepts = green::spawn([listener] {
      for (int peer = 0; (peer = ::accept(listener, nullptr, nullptr)) >= 0;) ::close(peer);
    });
    char byte = 0;
    while (::recv(control, &byte, 1, 0) == 1 && !accepts.done()) ::send(control, &byte, 1, MSG_NOSIGNAL);
    accepts.cancel();
  };
  hocket::run(green::run(answer), {.backend = backend});
  std::_Exit(0);
}

class server_process {
 public:
  server_process(int listener, hocket::backend_kind backend) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    number_ = ::fork();
    if (number_ == 0) {
      ::close(ends[0]);
      serve(listener, ends[1], backend);
    }
    ::close(ends[1]);
    control_ = ends[0];
  }
  ~server_process() {
    ::close(control_);
    ::kill(number_, SIGKILL);
    ::waitpid(number_, nullptr, 0);
  }
  server_process(const server_process&) = delete;

  /// False if it does not, for a long time.
  [[nodiscard]] bool answers() const {
    char byte = 'x';
    if (::send(control_, &byte, 1, MSG_NOSIGNAL) != 1) return false;
    pollfd answered{.fd = control_, .events = POLLIN, .revents = 0};
    return ::poll(&answered, 1, 10'000) == 1 && ::recv(control_, &byte, 1, 0) == 1;
  }

 private:
  pid_t number_;
  int control_;
};

class blocking_listener {
 public:
  blocking_listener() {
    where_.sin_family = AF_INET;
    where_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where_;
    EXPECT_EQ(::bind(number_, address(), size), 0);
    EXPECT_EQ(::listen(number_, 100), 0);
    EXPECT_EQ(::getsockname(number_, address(), &size), 0);
  }
  ~blocking_listener() { ::close(number_); }
  blocking_listener(const blocking_listener&) = delete;

  [[nodiscard]] int number() const { return number_; }

  /// Connects, and waits until one of them has taken and closed it.
  void be_served_once() {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(client, address(), sizeof where_), 0);
    pollfd closed{.fd = client, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&closed, 1, 10'000), 1);
    ::close(client);
  }

 private:
  [[nodiscard]] sockaddr* address() { return reinterpret_cast<sockaddr*>(&where_); }

  int number_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where_{};
};

void share_one(hocket::backend_kind backend) {
  blocking_listener listener;
  const server_process first(listener.number(), backend);
  const server_process second(listener.number(), backend);
  for (int n = 0; n < 2000; ++n) {
    listener.be_served_once();
    ASSERT_TRUE(first.answers() && second.answers()) << "one was held up in accept, in round " << n;
  }
}

TEST(green_shared_listener, holds_up_neither_of_two_processes_that_accept) {
  for (const auto backend : hocket::testing::every_backend()) {
    SCOPED_TRACE(hocket::testing::name_of(backend));
    share_one(backend);
  }
}

}  // namespace
