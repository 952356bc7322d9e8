// Descriptors of any kind: a socket's calls are those with flags; for pipes and terminals poll(2) is asked first, and a pipe is written to in pieces that
// it takes as a whole. Regular files are always ready, and read and written as ever.

#include <algorithm>
#include <climits>
#include <cstdlib>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/transfer.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/loop/loop.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::blocking_call;
using green_detail::may_wait_here;

void hocket::green::detail::keep_interposed_files() noexcept {}

namespace {

enum class kind { socket, pipe, other_that_waits, never_waits };

/// What is to be done for a call on it that its owner expects to block.
kind kind_of(int number) noexcept {
  struct stat known{};
  if (::fstat(number, &known) != 0) return kind::never_waits;  // and fails
  if (S_ISSOCK(known.st_mode)) return kind::socket;
  const bool is_other = S_ISCHR(known.st_mode) || (known.st_mode & S_IFMT) == 0;  // a terminal; an eventfd and the like
  if ((!is_other && !S_ISFIFO(known.st_mode)) || green_detail::is_nonblocking(number)) return kind::never_waits;
  return is_other ? kind::other_that_waits : kind::pipe;
}

std::size_t size_of(const iovec* pieces, int count) noexcept {
  std::size_t size = 0;
  for (const iovec* piece = pieces; piece != pieces + count; ++piece) size += piece->iov_len;
  return size;
}

}  // namespace

extern "C" {

ssize_t read(int number, void* to, size_t size) {
  static const auto real = green_detail::real<decltype(::read)>("read");
  if (!may_wait_here() || size == 0) return real(number, to, size);
  const kind what = kind_of(number);
  if (what == kind::socket) return ::recv(number, to, size, 0);
  if (what != kind::never_waits && !blocking_call(number, POLLIN).until_ready()) return -1;
  return real(number, to, size);
}

ssize_t __read_chk(int number, void* to, size_t size, size_t room) {
  if (size > room) std::abort();
  return read(number, to, size);
}

ssize_t readv(int number, const iovec* pieces, int count) {
  static const auto real = green_detail::real<decltype(::readv)>("readv");
  if (!may_wait_here() || count <= 0) return real(number, pieces, count);
  const kind what = kind_of(number);
  if (what == kind::socket) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<size_t>(count);
    return ::recvmsg(number, &message, 0);
  }
  if (what != kind::never_waits && !blocking_call(number, POLLIN).until_ready()) return -1;
  return real(number, pieces, count);
}

// A pipe that is ready takes PIPE_BUF bytes, as a whole.
ssize_t write(int number, const void* from, size_t size) {
  static const auto real = green_detail::real<decltype(::write)>("write");
  if (!may_wait_here() || size == 0) return real(number, from, size);
  const kind what = kind_of(number);
  if (what == kind::socket) return ::send(number, from, size, 0);
  if (what == kind::never_waits) return real(number, from, size);
  const size_t most = what == kind::pipe ? PIPE_BUF : size;
  return green_detail::all_of(static_cast<const char*>(from), size, [&](const void* rest, size_t left) -> ssize_t {
    return blocking_call(number, POLLOUT).until_ready() ? real(number, rest, std::min(left, most)) : -1;
  });
}

ssize_t writev(int number, const iovec* pieces, int count) {
  static const auto real = green_detail::real<decltype(::writev)>("writev");
  if (!may_wait_here() || count <= 0) return real(number, pieces, count);
  const kind what = kind_of(number);
  if (what == kind::never_waits) return real(number, pieces, count);
  if (what == kind::socket) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<size_t>(count);
    return ::sendmsg(number, &message, 0);
  }
  if (what == kind::other_that_waits || size_of(pieces, count) <= PIPE_BUF)
    return blocking_call(number, POLLOUT).until_ready() ? real(number, pieces, count) : -1;
  ssize_t done = 0;
  for (const iovec* piece = pieces; piece != pieces + count; ++piece) {
    const ssize_t moved = ::write(number, piece->iov_base, piece->iov_len);
    if (moved < 0) return done > 0 ? done : moved;
    done += moved;
    if (static_cast<size_t>(moved) < piece->iov_len) break;
  }
  return done;
}

// Whoever waits on the number would wait for ever, or for what is given that number next.
int close(int number) {
  static const auto real = green_detail::real<decltype(::close)>("close");
  if (hocket::green::is_patched() && hocket::loop::running_or_null() != nullptr && green_detail::is_own_process())
    hocket::notify_closing(number);
  return real(number);
}
}
