#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <hocket/core/timeout.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/io/wait_readable.hpp>

namespace hocket::green::detail {

using hocket::detail::wait_ready_operation;

bool wait_for(int number, short events, std::optional<duration> limit) noexcept {
  if (!limit) return wait_without_throwing(wait_ready_operation(number, events));
  return wait_without_throwing(hocket::with_timeout(*limit, [=] { return wait_ready_operation(number, events); }));
}

bool wait_by_option(int number, short events) noexcept {
  timeval limit{};
  socklen_t size = sizeof limit;
  const int option = events == sending ? SO_SNDTIMEO : SO_RCVTIMEO;
  if (::getsockopt(number, SOL_SOCKET, option, &limit, &size) != 0 || (limit.tv_sec == 0 && limit.tv_usec == 0))
    return wait_for(number, events);
  if (wait_for(number, events, std::chrono::seconds(limit.tv_sec) + std::chrono::microseconds(limit.tv_usec)))
    return true;
  if (errno == ETIMEDOUT) errno = EAGAIN;
  return false;
}

bool is_nonblocking(int number) noexcept {
  const int before = errno;
  const int flags = ::fcntl(number, F_GETFL);
  errno = before;
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

}  // namespace hocket::green::detail
