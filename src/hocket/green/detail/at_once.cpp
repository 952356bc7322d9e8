// RWF_NOWAIT is the flag of one call; pipes know it since Linux 6.4, terminals do not. Without it poll(2) is asked first, and a pipe is given no more
// than it takes as a whole. If another process reads in between, the call waits for what comes next. A terminal that polls as writable may have room
// for one byte: it is opened once more, with an O_NONBLOCK of its own, where it can be.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hocket/green/detail/at_once.hpp>
#include <hocket/green/detail/waiting.hpp>

namespace hocket::green::detail {
namespace {

ssize_t real_readv(int number, const iovec* pieces, int count) noexcept {
  static const auto real = detail::real<decltype(::readv)>("readv");
  return real(number, pieces, count);
}

ssize_t real_writev(int number, const iovec* pieces, int count) noexcept {
  static const auto real = detail::real<decltype(::writev)>("writev");
  return real(number, pieces, count);
}

bool knows_no_wait(ssize_t done) noexcept { return done >= 0 || (errno != EOPNOTSUPP && errno != ESPIPE); }

/// -1 if it is none, or cannot be opened, or is the other end of a pseudo-terminal: that would become another one.
int open_terminal_anew(int number) noexcept {
  unsigned pseudo_terminal = 0;
  if (::ioctl(number, TIOCGPTN, &pseudo_terminal) == 0) return -1;
  std::array<char, 32> path{"/proc/self/fd/"};
  char* const digits = path.data() + std::strlen(path.data());
  *std::to_chars(digits, path.data() + path.size() - 1, number).ptr = '\0';
  return ::open(path.data(), (::fcntl(number, F_GETFL) & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

ssize_t write_to_terminal(int number, const iovec* pieces, int count) noexcept {
  static const auto real_close = real<decltype(::close)>("close");
  const int own = open_terminal_anew(number);
  if (own < 0) return with_nonblocking(number, [=] { return real_writev(number, pieces, count); });
  const ssize_t written = real_writev(own, pieces, count);
  const int problem = errno;
  real_close(own);
  errno = problem;
  return written;
}

bool is_pipe(int number) noexcept { return ::fcntl(number, F_GETPIPE_SZ) >= 0; }

}  // namespace

bool is_ready(int number, short events) noexcept {
  static const auto real_poll = real<decltype(::poll)>("poll");
  pollfd asked{.fd = number, .events = events, .revents = 0};
  const int found = real_poll(&asked, 1, 0);
  if (found == 0) errno = EAGAIN;
  return found != 0;
}

bool is_nonblocking(int number) noexcept {
  const int before = errno;
  const int flags = ::fcntl(number, F_GETFL);
  errno = before;
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

ssize_t read_at_once(int number, const iovec* pieces, int count) noexcept {
  const ssize_t got = ::preadv2(number, pieces, count, -1, RWF_NOWAIT);
  if (knows_no_wait(got)) return got;
  return is_ready(number, POLLIN) ? real_readv(number, pieces, count) : -1;
}

ssize_t write_at_once(int number, const iovec* pieces, int count) noexcept {
  const ssize_t written = ::pwritev2(number, pieces, count, -1, RWF_NOWAIT);
  if (knows_no_wait(written)) return written;
  if (::isatty(number) == 1) return write_to_terminal(number, pieces, count);
  if (!is_ready(number, POLLOUT)) return -1;
  if (!is_pipe(number)) return real_writev(number, pieces, count);
  iovec first = *pieces;
  first.iov_len = std::min<std::size_t>(first.iov_len, PIPE_BUF);
  return real_writev(number, &first, 1);
}

}  // namespace hocket::green::detail
