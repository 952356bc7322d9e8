#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <ctime>

#include <sys/types.h>

namespace hocket::detail {

/// Calls what writes to a pipe or splices to a socket, which send SIGPIPE to the thread that calls them, and takes the signal away. It
/// may come with a count as well: of what was written before the peer was found gone; not if all of `wanted` was written.
/// (RWF_NOSIGNAL came with Linux 6.18, and splice(2) has no flag for it.) Source: signal(7), pipe(7)
template <class Call>
ssize_t without_sigpipe(std::size_t wanted, Call call) noexcept {
  sigset_t broken_pipe, before, pending;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1) return call();  // it is blocked already, and somebody else's
  pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t returned = call();
  const int error = errno;
  const bool may_have_come = returned < 0 ? error == EPIPE : static_cast<std::size_t>(returned) < wanted;
  if (may_have_come) {
    const timespec at_once{};
    while (sigtimedwait(&broken_pipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return returned;
}

}  // namespace hocket::detail
