#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

class blocking_job;
class ready_node;
class descriptor;

/// What can be asked of the system. Each is a man page; arguments stand in `io_request` as noted.
enum class io_op : std::uint8_t {
  receive,       // recv(2) of a stream, into a buffer of the backend's: `backend::lend`, if the result is positive
  recv,          // recv(2) of a stream: data, length
  send,          // send(2), all of it: data, length, flags = `io_request::zero_copy` or 0; the result is 0
  send_pieces,   // sendmsg(2), all of it: data = msghdr, length = its iovecs, which are used up; result 0
  send_message,  // sendmsg(2), once: data = msghdr, flags = MSG_...; the result is a count of bytes. With MSG_DONTWAIT
                 // it ends with -EAGAIN instead of waiting
  receive_message,   // recvmsg(2): data = msghdr, flags = MSG_...; the result is a count of bytes
  send_messages,     // sendmmsg(2): data = mmsghdr, length = their number, flags; the result is a count of messages
  receive_messages,  // recvmmsg(2): the same; what there is, at least one
  accept,            // accept4(2): flags = SOCK_NONBLOCK, or 0: as the backend needs it; the result is the new number
  connect,           // connect(2): data = sockaddr, length
  poll,              // poll(2): flags = events
  splice,  // splice(2) between target and `pipe`, once: length, flags, offset. -EINVAL: not here, or not without waiting
  open,    // openat(2) from the working directory: data = path, flags, mode; the result is a number. A FIFO: once
           // its other end is open too, or with O_NONBLOCK at once
  open_beneath,  // openat2(2) below the target, RESOLVE_BENEATH and no magic links: as open
  read,          // pread(2): data, length, offset (-1: the file's own position)
  write,         // pwrite(2), all of it: data, length, offset (-1: the file's own position); the result is 0
  fsync,         // fsync(2); flags = `io_request::data_only`: fdatasync(2)
  read_pieces,   // preadv(2), once: data = msghdr, length = its iovecs, offset as for read
  write_pieces,  // pwritev(2), all of it: data = msghdr, length = its iovecs, which are used up; offset; the result is 0
  truncate,      // ftruncate(2): offset = the new size
  flush,         // what close(2) says of the target, which stays open: dup(2), and close of that
  copy_range,    // copy_file_range(2) from the target to `pipe`, once: length; offset, in both
  // Of paths, which are taken from the working directory; there is no target.
  stat,    // statx(2), all that is basic, and when it was made: data = path, second = struct statx, flags = AT_...
  rename,  // renameat2(2): data and second = paths, flags = RENAME_...
  make_directory,  // mkdirat(2): data = path, mode
  remove,          // unlinkat(2): data = path, flags = AT_REMOVEDIR or 0
  link,            // linkat(2): data = what is there, second = its further path
  symlink,         // symlinkat(2): data = what it says, second = its own path
  read_link,       // readlinkat(2): data = path, second = where to put it, length; the result is a count of bytes
  // Of a directory.
  read_directory,  // getdents(2), once, from its own position: data = std::vector<directory_entry>, to which the entries are
                   // appended but for `.` and `..`; the result is how many were read, those two counted; 0 at the end
};

inline constexpr std::size_t io_op_count = static_cast<std::size_t>(io_op::read_directory) + 1;

/// In words: "receive messages".
[[nodiscard]] std::string_view name_of(io_op op) noexcept;

/// What else a request of a file, a path, a splice or a connection has: all that the blocking pool may have to do. The others,
/// of which millions may wait, do not pay for it.
struct io_details {
  std::uint32_t mode = 0;
  void* second = nullptr;  // of an open: the backend's
  std::int64_t offset = 0;
  std::int64_t began_at = -1;   // the backend's: the file's own position, if it is used
  descriptor* pipe = nullptr;   // or the other file
  blocking_job* job = nullptr;  // the backend's
};

/// One operation that the system is asked to do. It completes exactly once, and nothing but its completion releases it and
/// the memory that it points to.
struct io_request : list_link<> {
  // Of `flags`. For `io_op::send`: the kernel reads the bytes where they are, and completes when the peer has them.
  static constexpr std::uint32_t zero_copy = 1;
  // For `io_op::splice`: from the target into the pipe, not the other way; the target is a file, which may make a thread wait.
  static constexpr std::uint32_t into_pipe = 1;
  static constexpr std::uint32_t from_file = 2;
  // For `io_op::fsync`.
  static constexpr std::uint32_t data_only = 1;

  io_op op = io_op::poll;
  bool completed = false;
  bool stopping = false;   // the system was asked to end it
  bool timed = false;      // `done` is a timer node, and may be scheduled as its alarm
  std::uint8_t phase = 0;  // the backend's
  union {
    std::uint32_t flags = 0;
    std::uint32_t slot;  // the backend's, of what is received: the buffer that it lends
  };
  std::int32_t result = 0;  // as from the system: a count or a number, or a negated errno
  descriptor* target = nullptr;
  void* data = nullptr;           // of what must be done whole: what is left
  std::size_t length = 0;         // the same
  io_details* details = nullptr;  // of those that have some
  ready_node* done = nullptr;     // scheduled on completion

  /// The backend's: it is, or waits to be, with the blocking pool.
  [[nodiscard]] bool is_offloaded() const noexcept { return details != nullptr && details->job != nullptr; }
};

}  // namespace hocket
