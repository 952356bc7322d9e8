#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/loop/descriptor.hpp>
#include <hocket/loop/detail/file_calls.hpp>

namespace hocket::detail {

static std::int32_t answer(long returned) noexcept {
  return static_cast<std::int32_t>(returned < 0 ? -errno : returned);
}

static std::int32_t write_all(const io_request& request) noexcept {
  const auto* data = static_cast<const char*>(request.data);
  std::size_t written = request.transferred;
  while (written < request.length) {
    const std::size_t left = request.length - written;
    const ssize_t count = request.offset < 0 ? ::write(request.target->number(), data + written, left)
                                             : ::pwrite(request.target->number(), data + written, left,
                                                        request.offset + static_cast<off_t>(written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? -errno : -EIO;
    written += static_cast<std::size_t>(count);
  }
  return 0;
}

std::int32_t call_blocking(const io_request& request) noexcept {
  const int number = request.target != nullptr ? request.target->number() : -1;
  switch (request.op) {
    case io_op::open:
      return answer(::openat(AT_FDCWD, static_cast<const char*>(request.data),
                             static_cast<int>(request.flags) | O_CLOEXEC, request.mode));
    case io_op::open_beneath: {
      open_how how{};
      how.flags = request.flags | O_CLOEXEC;
      how.mode = request.mode;
      how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
      return answer(::syscall(SYS_openat2, number, request.data, &how, sizeof how));
    }
    case io_op::read:
      if (request.offset < 0) return answer(::read(number, request.data, request.length));
      return answer(::pread(number, request.data, request.length, request.offset));
    case io_op::write:
      return write_all(request);
    case io_op::fsync:
      return answer(::fsync(number));
    case io_op::splice: {
      loff_t offset = request.offset;
      return answer(::splice(number, offset < 0 ? nullptr : &offset, request.pipe->number(), nullptr, request.length,
                             SPLICE_F_MOVE));
    }
    case io_op::connect:  // of an adopted socket that blocks
      return answer(
          ::connect(number, static_cast<const sockaddr*>(request.data), static_cast<socklen_t>(request.length)));
    default:
      return -EOPNOTSUPP;
  }
}

}  // namespace hocket::detail
