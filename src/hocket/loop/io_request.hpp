#pragma once

#include <cstddef>
#include <cstdint>

#include <hocket/base/intrusive_list.hpp>

struct sockaddr;

namespace hocket {

class blocking_job;
class ready_node;
class descriptor;

/// What can be asked of the system. Each is a man page; arguments stand in `io_request` as noted.
enum class io_op : std::uint8_t {
  receive,       // recv(2) into a buffer of the loop's pool; a positive result comes with its `slot`
  recv,          // recv(2): data, length
  send,          // send(2), all of it: data, length; the result is 0
  accept,        // accept4(2); the result is the new descriptor's number
  connect,       // connect(2): data = sockaddr, length
  poll,          // poll(2): flags = events
  open,          // openat(2) from the working directory: data = path, flags, mode; the result is a number
  open_beneath,  // openat2(2) below the target, RESOLVE_BENEATH and no magic links: as open
  read,          // pread(2): data, length, offset (-1: the file's own position)
  write,         // pwrite(2), all of it: data, length, offset (-1: the file's own position); the result is 0
  fsync,         // fsync(2)
};

/// One operation that the system is asked to do. It completes exactly once, and nothing but its completion releases it and
/// the memory that it points to.
struct io_request : list_link<> {
  io_op op = io_op::poll;
  bool completed = false;
  bool stopping = false;   // the system was asked to end it
  std::uint8_t phase = 0;  // the backend's
  std::uint32_t flags = 0;
  std::uint32_t mode = 0;
  std::uint32_t slot = 0;
  std::int32_t result = 0;  // as from the system: a count or a number, or a negated errno
  descriptor* target = nullptr;
  void* data = nullptr;
  std::size_t length = 0;
  std::size_t transferred = 0;  // of what must be done whole, so far
  std::int64_t offset = 0;
  ready_node* done = nullptr;   // scheduled on completion
  blocking_job* job = nullptr;  // the backend's
};

}  // namespace hocket
