#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <hocket/loop/descriptor.hpp>
#include <hocket/loop/detail/fifo_calls.hpp>
#include <hocket/loop/detail/file_calls.hpp>
#include <hocket/loop/detail/socket_calls.hpp>
#include <hocket/loop/system_calls.hpp>

namespace hocket::detail {

static std::int32_t answer(long returned) noexcept {
  return static_cast<std::int32_t>(returned < 0 ? -errno : returned);
}

static std::int32_t write_all(io_request& request) noexcept {
  const int number = request.target->number();
  const std::int64_t& offset = request.details->offset;
  if (request.length == 0) return 0;
  for (;;) {
    const ssize_t count = offset < 0 ? ::write(number, request.data, request.length)
                                     : ::pwrite(number, request.data, request.length, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? -errno : -EIO;
    if (!advance(request, static_cast<std::size_t>(count))) return 0;
  }
}

// An offset of -1 means the file's own position to these calls, as it does to us.
static std::int32_t write_all_pieces(io_request& request) noexcept {
  const auto& message = *static_cast<const msghdr*>(request.data);
  for (;;) {
    const ssize_t count = ::pwritev2(request.target->number(), message.msg_iov, static_cast<int>(message.msg_iovlen),
                                     request.details->offset, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? -errno : -EIO;
    if (!advance(request, static_cast<std::size_t>(count))) return 0;
  }
}

// Network file systems, FUSE and some quotas tell only here that bytes are lost, which write(2) has taken. Each close(2) of one of
// a file's descriptors asks them. Without a free number it cannot be asked: then the file is closed unasked, as ever.
static std::int32_t flush(int number) noexcept {
  const int copy = ::fcntl(number, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return errno == EMFILE ? 0 : -errno;
  return ::close(copy) == 0 || errno == EINTR ? 0 : -errno;
}

static std::int32_t copy_range(const io_request& request) noexcept {
  loff_t from = request.details->offset;
  loff_t to = request.details->offset;
  return answer(
      ::copy_file_range(request.target->number(), &from, request.details->pipe->number(), &to, request.length, 0));
}

// One call, so that a listing comes in pieces: some thousand entries.
static std::int32_t read_directory(const io_request& request) noexcept {
  alignas(dirent64) char bytes[32 * 1024];
  const ssize_t size = ::getdents64(request.target->number(), bytes, sizeof bytes);
  if (size < 0) return -errno;
  auto& entries = *static_cast<std::vector<directory_entry>*>(request.data);
  std::int32_t count = 0;
  try {
    for (ssize_t at = 0; at < size; ++count) {
      const auto& entry = *reinterpret_cast<const dirent64*>(bytes + at);
      at += entry.d_reclen;
      const std::string_view name = entry.d_name;
      if (name != "." && name != "..") entries.push_back({std::string(name), entry.d_type});
    }
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
  return count;
}

std::int32_t call_blocking(io_request& request) noexcept {
  const int number = request.target != nullptr ? request.target->number() : -1;
  const io_details& more = *request.details;
  const auto* path = static_cast<const char*>(request.data);
  const auto* second = static_cast<const char*>(more.second);
  switch (request.op) {
    case io_op::open:
    case io_op::open_beneath:
      return waits_for_other_end(request) && leads_to_fifo(request) ? open_without_waiting(request)
                                                                    : open_path(request);
    case io_op::read:
      if (more.offset < 0) return answer(::read(number, request.data, request.length));
      return answer(::pread(number, request.data, request.length, more.offset));
    case io_op::write:
      return write_all(request);
    case io_op::read_pieces: {
      const auto& message = *static_cast<const msghdr*>(request.data);
      return answer(::preadv2(number, message.msg_iov, static_cast<int>(message.msg_iovlen), more.offset, 0));
    }
    case io_op::write_pieces:
      return write_all_pieces(request);
    case io_op::fsync:
      return answer((request.flags & io_request::data_only) != 0 ? ::fdatasync(number) : ::fsync(number));
    case io_op::truncate:
      return answer(::ftruncate(number, more.offset));
    case io_op::flush:
      return flush(number);
    case io_op::copy_range:
      return copy_range(request);
    case io_op::stat:
      return answer(::statx(AT_FDCWD, path, static_cast<int>(request.flags), STATX_BASIC_STATS | STATX_BTIME,
                            static_cast<struct statx*>(more.second)));
    case io_op::rename:
      return answer(::renameat2(AT_FDCWD, path, AT_FDCWD, second, request.flags));
    case io_op::make_directory:
      return answer(::mkdirat(AT_FDCWD, path, more.mode));
    case io_op::remove:
      return answer(::unlinkat(AT_FDCWD, path, static_cast<int>(request.flags)));
    case io_op::link:
      return answer(::linkat(AT_FDCWD, path, AT_FDCWD, second, 0));
    case io_op::symlink:
      return answer(::symlinkat(path, AT_FDCWD, second));
    case io_op::read_link:
      return answer(::readlinkat(AT_FDCWD, path, static_cast<char*>(more.second), request.length));
    case io_op::read_directory:
      return read_directory(request);
    case io_op::splice: {
      loff_t offset = more.offset;
      return answer(::splice(number, offset < 0 ? nullptr : &offset, more.pipe->number(), nullptr, request.length,
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
