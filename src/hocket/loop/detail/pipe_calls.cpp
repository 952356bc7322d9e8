// RWF_NOWAIT is the flag of one call; pipes know it since Linux 6.4, terminals do not. Without it poll(2) is asked first, and no
// more is written than a pipe that polls as writable takes without waiting. If another process reads in between, the call waits
// for what comes next.

#include <algorithm>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <sys/stat.h>

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

ssize_t write_without_waiting(int number, const iovec* pieces, int count) noexcept {
  const ssize_t written = ::pwritev2(number, pieces, count, -1, RWF_NOWAIT);
  if (knows_no_wait(written)) return written;
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

ssize_t read_some(descriptor& target, void* memory, std::size_t size) noexcept {
  const int number = target.number();
  if (nature_of(target) == descriptor::nature::file) return ::read(number, memory, size);
  const iovec piece{.iov_base = memory, .iov_len = size};
  const ssize_t count = ::preadv2(number, &piece, 1, -1, RWF_NOWAIT);
  if (knows_no_wait(count)) return count;
  return is_ready(number, POLLIN) ? ::read(number, memory, size) : would_block();
}

ssize_t write_some(descriptor& target, const iovec* pieces, std::size_t count) noexcept {
  const int number = target.number();
  const auto some = static_cast<int>(std::min<std::size_t>(count, IOV_MAX));
  if (nature_of(target) == descriptor::nature::file) return ::writev(number, pieces, some);
  std::size_t wanted = 0;
  for (int n = 0; n < some; ++n) wanted += pieces[n].iov_len;
  return without_sigpipe(wanted, [&] { return write_without_waiting(number, pieces, some); });
}

}  // namespace hocket::detail
