#pragma once

#include <poll.h>

#include <hocket/io/detail/borrowing_operation.hpp>

namespace hocket {

namespace detail {

class wait_ready_operation final : public borrowing_operation<wait_ready_operation, void> {
 public:
  static constexpr const char* name = "wait for";
  wait_ready_operation(int number, short events) noexcept
      : borrowing_operation(io_op::poll, number, borrowed_target::use::wait) {
    request_.flags = static_cast<std::uint32_t>(events);
  }
  void convert(std::int32_t) noexcept {}
};

}  // namespace detail

// For descriptors that are somebody else's: sockets, pipes, terminals, eventfds, timerfds, epoll sets. The number is never
// closed here, its flags stay as they are, and any number of tasks may wait for it. Its owner must end the waits before it is
// closed (cancel, or `notify_closing`): the system tells nobody that a number was closed.

/// Waits until `number` can be read from without waiting, has come to its end or is broken; suspends unless it is so already.
/// Somebody else may be quicker: whoever reads then must be ready for EAGAIN.
/// Throws std::system_error (EBADF; EPERM: files and folders, which are always ready), `cancelled`, at once.
/// Counterpart: trio.lowlevel.wait_readable.
[[nodiscard]] inline detail::wait_ready_operation wait_readable(int number) noexcept { return {number, POLLIN}; }

/// The same until it can be written to, or is broken. Counterpart: trio.lowlevel.wait_writable.
[[nodiscard]] inline detail::wait_ready_operation wait_writable(int number) noexcept { return {number, POLLOUT}; }

/// `number` is about to be closed: all that waits for it on the running loop, and the operations of sock.hpp, end with
/// `std::errc::operation_canceled`, and its reader and writer (`loop::add_reader`) are removed. On io_uring the system lets go
/// of what is open a turn later. No effect if nobody waits. Counterpart: trio.lowlevel.notify_closing.
void notify_closing(int number);
/// The same for a loop that rests, of which this is the thread: for the host of a `guest_run`.
void notify_closing(loop& waiting, int number);

}  // namespace hocket
