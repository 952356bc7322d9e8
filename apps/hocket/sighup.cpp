// `loop::notify`, as SIGTERM uses it, cancels the main task. A signal that only tells something sends a byte to a task.

#include "sighup.hpp"

#include <array>
#include <atomic>
#include <cerrno>

#include <signal.h>
#include <sys/socket.h>

namespace hocket::app {
namespace {

std::atomic<int> told{-1};

}  // namespace

hangups::hangups() : ends_(unix_socket::pair()) {
  told = ends_.first.number();
  struct sigaction ours{};
  ours.sa_handler = [](int) {
    const int before = errno;
    static_cast<void>(::send(told, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL));  // no room: enough are waiting
    errno = before;
  };
  ours.sa_flags = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  ::sigaction(SIGHUP, &ours, nullptr);
}

hangups::~hangups() { ::signal(SIGHUP, SIG_DFL); }

coro<void> hangups::next() {
  std::array<char, 64> bytes{};
  static_cast<void>(co_await ends_.second.recv(bytes));
}

}  // namespace hocket::app
