// RWF_NOWAIT is the flag of one call; pipes know it since Linux 6.4, terminals do not. Without it poll(2) is asked first, and no
// more is written than a pipe that polls as writable takes without waiting. If another process reads in between, the call waits
// for what comes next. A terminal that polls as writable may have room for one byte; written to by a descriptor of its own it need
// not wait, and where there can be none, O_NONBLOCK is set for the one call.

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/loop/detail/pipe_calls.hpp>
#include <hocket/loop/detail/without_sigpipe.hpp>

namespace hocket::detail {
namespace {

descriptor::nature look_at(int number) noexcept {
  struct stat state{};
  return ::fstat(number, &state) != 0 ? descriptor::nature::socket : nature_of(state);
}

bool is_ready(int number, short events) noexcept {
  pollfd state{.fd = number, .events = events, .revents = 0};
  return ::poll(&state, 1, 0) > 0;
}

ssize_t would_block() noexcept {
  errno = EAGAIN;
  return -1;
}

bool knows_no_wait(ssize_t returned) noexcept { return returned >= 0 || (errno != EOPNOTSUPP && errno != ESPIPE); }

ssize_t write_to_terminal(int number, const iovec* pieces, int count) noexcept {
  const int flags = ::fcntl(number, F_GETFL);
  if ((flags & O_NONBLOCK) != 0) return ::writev(number, pieces, count);
  const int own = open_terminal_anew(number);
  if (own < 0) ::fcntl(number, F_SETFL, flags | O_NONBLOCK);
  const ssize_t written = ::writev(own < 0 ? number : own, pieces, count);
  const int error = errno;
  if (own < 0)
    ::fcntl(number, F_SETFL, flags);
  else
    ::close(own);
  errno = error;
  return written;
}

ssize_t write_without_waiting(int number, const iovec* pieces, int count) noexcept {
  const ssize_t written = ::pwritev2(number, pieces, count, -1, RWF_NOWAIT);
  if (knows_no_wait(written)) return written;
  if (::isatty(number) == 1) return write_to_terminal(number, pieces, count);
  if (!is_ready(number, POLLOUT)) return would_block();
  return ::write(number, pieces->iov_base, std::min<std::size_t>(pieces->iov_len, PIPE_BUF));
}

}  // namespace

descriptor::nature nature_of(const struct stat& state) noexcept {
  if (S_ISSOCK(state.st_mode)) return descriptor::nature::socket;
  const bool waits_for_a_disk = S_ISREG(state.st_mode) || S_ISBLK(state.st_mode) || S_ISDIR(state.st_mode);
  return waits_for_a_disk ? descriptor::nature::file : descriptor::nature::pipe;
}

descriptor::nature nature_of(descriptor& target) noexcept {
  if (target.is == descriptor::nature::unknown) target.is = look_at(target.number());
  return target.is;
}

ssize_t read_some(descriptor& target, const iovec* pieces, std::size_t count) noexcept {
  const int number = target.number();
  const auto some = static_cast<int>(std::min<std::size_t>(count, IOV_MAX));
  if (nature_of(target) == descriptor::nature::file) return ::readv(number, pieces, some);
  const ssize_t read = ::preadv2(number, pieces, some, -1, RWF_NOWAIT);
  if (knows_no_wait(read)) return read;
  return is_ready(number, POLLIN) ? ::readv(number, pieces, some) : would_block();
}

ssize_t write_some(descriptor& target, const iovec* pieces, std::size_t count) noexcept {
  const int number = target.number();
  const auto some = static_cast<int>(std::min<std::size_t>(count, IOV_MAX));
  if (nature_of(target) == descriptor::nature::file) return ::writev(number, pieces, some);
  std::size_t wanted = 0;
  for (int n = 0; n < some; ++n) wanted += pieces[n].iov_len;
  return without_sigpipe(wanted, [&] { return write_without_waiting(number, pieces, some); });
}

int open_terminal_anew(int number) noexcept {
  unsigned pseudo_terminal = 0;
  if (::isatty(number) != 1 || ::ioctl(number, TIOCGPTN, &pseudo_terminal) == 0) return -1;
  const std::string path = "/proc/self/fd/" + std::to_string(number);  // short: takes no memory
  return ::open(path.c_str(), (::fcntl(number, F_GETFL) & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace hocket::detail
