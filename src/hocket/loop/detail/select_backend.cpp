#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/select.h>

#include <hocket/loop/detail/select_backend.hpp>

namespace hocket {

void select_backend::require_usable(int number) const {
  if (number < FD_SETSIZE) return;
  throw std::system_error(EMFILE, std::system_category(),
                          fmt::format("descriptor {} is too large for the backend 'select', which takes those below "
                                      "{}: use 'poll', 'epoll' or 'io_uring' (HOCKET_BACKEND)",
                                      number, FD_SETSIZE));
}

int select_backend::wait(std::vector<pollfd>& entries, const timespec* limit) noexcept {
  fd_set readable, writable, urgent;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_ZERO(&urgent);
  int largest = 0;
  for (const pollfd& each : entries) {
    // There is no set for a connection that is broken: both directions say so.
    const bool anything = (each.events & (POLLIN | POLLOUT | POLLPRI)) == 0;
    if (anything || (each.events & (POLLIN | POLLRDHUP)) != 0) FD_SET(each.fd, &readable);
    if ((each.events & POLLOUT) != 0) FD_SET(each.fd, &writable);
    if ((each.events & POLLPRI) != 0) FD_SET(each.fd, &urgent);
    largest = std::max(largest, each.fd);
  }
  const int count = ::pselect(largest + 1, &readable, &writable, &urgent, limit, nullptr);
  if (count < 0 && errno == EBADF) return ::poll(entries.data(), entries.size(), 0);  // it tells which one was closed
  if (count <= 0) return count;
  for (pollfd& each : entries) {
    const int what = (FD_ISSET(each.fd, &readable) ? POLLIN : 0) | (FD_ISSET(each.fd, &writable) ? POLLOUT : 0) |
                     (FD_ISSET(each.fd, &urgent) ? POLLPRI : 0);
    each.revents = static_cast<short>(what);
  }
  return count;
}

}  // namespace hocket
