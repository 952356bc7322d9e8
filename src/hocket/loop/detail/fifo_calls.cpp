#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/loop/descriptor.hpp>
#include <hocket/loop/detail/fifo_calls.hpp>

namespace hocket::detail {

bool waits_for_other_end(const io_request& request) noexcept {
  if (request.op != io_op::open && request.op != io_op::open_beneath) return false;
  const auto flags = static_cast<int>(request.flags);
  return (flags & O_ACCMODE) != O_RDWR && (flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) == 0;
}

bool leads_to_fifo(const io_request& request) noexcept {
  const int from = request.target != nullptr ? request.target->number() : AT_FDCWD;
  const int follow = (static_cast<int>(request.flags) & O_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0;
  struct stat state{};
  return ::fstatat(from, static_cast<const char*>(request.data), &state, follow) == 0 && S_ISFIFO(state.st_mode);
}

bool is_fifo(int number) noexcept {
  struct stat state{};
  return ::fstat(number, &state) == 0 && S_ISFIFO(state.st_mode);
}

std::int32_t open_path(const io_request& request, std::uint32_t more_flags) noexcept {
  const std::uint32_t flags = request.flags | more_flags | O_CLOEXEC;
  long opened = -1;
  if (request.op == io_op::open_beneath) {
    open_how how{};
    how.flags = flags;
    how.mode = request.details->mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    opened = ::syscall(SYS_openat2, request.target->number(), request.data, &how, sizeof how);
  } else {
    opened = ::openat(AT_FDCWD, static_cast<const char*>(request.data), static_cast<int>(flags), request.details->mode);
  }
  return static_cast<std::int32_t>(opened < 0 ? -errno : opened);
}

std::int32_t open_without_waiting(const io_request& request) noexcept {
  const std::int32_t opened = open_path(request, O_NONBLOCK);
  if (opened >= 0 && !is_fifo(opened)) let_wait(opened);
  return opened;
}

// poll(2) does not tell of a writer who has not written. tee(2) does: it would wait for him (EAGAIN), and takes nothing away.
int had_other_end(const io_request& request, int number) noexcept {
  if ((static_cast<int>(request.flags) & O_ACCMODE) == O_WRONLY) return 1;
  pollfd state{.fd = number, .events = POLLIN, .revents = 0};
  if (::poll(&state, 1, 0) > 0) return 1;
  int copy[2];
  if (::pipe2(copy, O_CLOEXEC) != 0) return -errno;
  const ssize_t count = ::tee(number, copy[1], 1, SPLICE_F_NONBLOCK);
  const bool might_come = count > 0 || (count < 0 && errno == EAGAIN);
  ::close(copy[0]);
  ::close(copy[1]);
  return might_come ? 1 : 0;
}

void let_wait(int number) noexcept {
  const int flags = ::fcntl(number, F_GETFL);
  if (flags >= 0) static_cast<void>(::fcntl(number, F_SETFL, flags & ~O_NONBLOCK));
}

}  // namespace hocket::detail
