#pragma once

#include <cerrno>

#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace hocket::green::detail {

// Calls that do not wait, on descriptors that their owners expect to block: -1 with errno EAGAIN instead. Other errors, and SIGPIPE, as the system has
// it. Where the system has no flag of one call for it, O_NONBLOCK is set meanwhile, which all see who share the descriptor.

/// False, with errno EAGAIN, if `number` is not ready now for one of `events` of poll(2).
[[nodiscard]] bool is_ready(int number, short events) noexcept;

/// O_NONBLOCK: who set it wants EAGAIN, and no waiting. Leaves errno as it is.
[[nodiscard]] bool is_nonblocking(int number) noexcept;

/// readv(2) and writev(2) of what is no socket: pipes, terminals, eventfds and the like. Less may be written than is given.
[[nodiscard]] ssize_t read_at_once(int number, const iovec* pieces, int count) noexcept;
[[nodiscard]] ssize_t write_at_once(int number, const iovec* pieces, int count) noexcept;

/// Makes `call` with O_NONBLOCK set, and unset again by whoever set it: of two processes at once none leaves it behind.
template <class Call>
auto with_nonblocking(int number, Call call) noexcept -> decltype(call()) {
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0) return -1;
  if ((flags & O_NONBLOCK) != 0) return call();
  if (::fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  const auto done = call();
  const int problem = errno;
  ::fcntl(number, F_SETFL, flags);
  errno = problem;
  return done;
}

}  // namespace hocket::green::detail
