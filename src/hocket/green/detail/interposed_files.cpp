// Descriptors of any kind: a socket's calls are those with flags, those on pipes, terminals and the like are in at_once.cpp. Regular files are always
// ready, and read and written as ever.

#include <cstdlib>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <hocket/green/detail/at_once.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/transfer.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/loop/loop.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::blocking_call;
using green_detail::may_wait_here;

void hocket::green::detail::keep_interposed_files() noexcept {}

namespace {

enum class kind { socket, waits, never_waits };

/// What is to be done for a call on it that its owner expects to block.
kind kind_of(int number) noexcept {
  struct stat known{};
  if (::fstat(number, &known) != 0) return kind::never_waits;  // and fails
  if (S_ISSOCK(known.st_mode)) return kind::socket;
  const bool is_pipe_or_terminal = S_ISFIFO(known.st_mode) || S_ISCHR(known.st_mode);
  const bool is_eventfd_or_so = (known.st_mode & S_IFMT) == 0;
  const bool waits = (is_pipe_or_terminal || is_eventfd_or_so) && !green_detail::is_nonblocking(number);
  return waits ? kind::waits : kind::never_waits;
}

ssize_t read_green(int number, const iovec* pieces, int count,
                   std::source_location where = std::source_location::current()) {
  blocking_call call(number, POLLIN, where);
  return call.until_done([&] { return green_detail::read_at_once(number, pieces, count); });
}

}  // namespace

extern "C" {

ssize_t read(int number, void* to, size_t size) {
  static const auto real = green_detail::real<decltype(::read)>("read");
  if (!may_wait_here() || size == 0) return real(number, to, size);
  const kind what = kind_of(number);
  if (what == kind::socket) return ::recv(number, to, size, 0);
  if (what == kind::never_waits) return real(number, to, size);
  const iovec piece{.iov_base = to, .iov_len = size};
  return read_green(number, &piece, 1);
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
  return what == kind::never_waits ? real(number, pieces, count) : read_green(number, pieces, count);
}

ssize_t write(int number, const void* from, size_t size) {
  static const auto real = green_detail::real<decltype(::write)>("write");
  if (!may_wait_here() || size == 0) return real(number, from, size);
  const kind what = kind_of(number);
  if (what == kind::socket) return ::send(number, from, size, 0);
  if (what == kind::never_waits) return real(number, from, size);
  blocking_call call(number, POLLOUT);
  return green_detail::all_of(static_cast<char*>(const_cast<void*>(from)), size, [&](void* rest, size_t left) {
    const iovec piece{.iov_base = rest, .iov_len = left};
    return call.until_done([&] { return green_detail::write_at_once(number, &piece, 1); });
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
  blocking_call call(number, POLLOUT);
  return green_detail::all_pieces(pieces, static_cast<size_t>(count), [&](iovec* rest, size_t left) {
    return call.until_done([&] { return green_detail::write_at_once(number, rest, static_cast<int>(left)); });
  });
}

// Whoever waits on the number would wait for ever, or for what is given that number next.
int close(int number) {
  static const auto real = green_detail::real<decltype(::close)>("close");
  if (hocket::green::is_patched() && hocket::loop::running_or_null() != nullptr && green_detail::is_own_process())
    green_detail::end_waits_on(number);
  return real(number);
}
}
