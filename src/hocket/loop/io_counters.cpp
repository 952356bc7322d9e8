#include <cerrno>
#include <span>

#include <sys/socket.h>

#include <hocket/loop/io_counters.hpp>

namespace hocket {
namespace {

/// Of what is sent whole.
std::uint64_t bytes_of(const io_request& request) noexcept {
  switch (request.op) {
    case io_op::send:
    case io_op::write:
      return request.length;
    case io_op::send_pieces:
    case io_op::write_pieces: {
      std::uint64_t sum = 0;
      const auto& message = *static_cast<const msghdr*>(request.data);
      for (const iovec& piece : std::span(message.msg_iov, request.length)) sum += piece.iov_len;
      return sum;
    }
    default:
      return 0;
  }
}

}  // namespace

void io_counters::submitted(const io_request& request) noexcept { bytes_sent += bytes_of(request); }

void io_counters::completed(const io_request& request) noexcept {
  outcomes& counted = by_operation[static_cast<std::size_t>(request.op)];
  if (request.result < 0) {
    ++(request.result == -ECANCELED ? counted.cancelled : counted.failed);
    return;
  }
  ++counted.succeeded;
  const auto bytes = static_cast<std::uint64_t>(request.result);
  switch (request.op) {
    case io_op::receive:
    case io_op::recv:
    case io_op::receive_message:
    case io_op::read:
    case io_op::read_pieces:
      bytes_received += bytes;
      break;
    case io_op::send_message:
    case io_op::copy_range:
      bytes_sent += bytes;
      break;
    case io_op::splice:
      if ((request.flags & io_request::into_pipe) == 0)
        bytes_sent += bytes;
      else
        bytes_received += bytes;
      break;
    default:
      break;
  }
}

std::string_view name_of(io_op op) noexcept {
  switch (op) {
    case io_op::receive:
      return "receive";
    case io_op::recv:
      return "recv";
    case io_op::send:
      return "send";
    case io_op::send_pieces:
      return "send pieces";
    case io_op::send_message:
      return "send message";
    case io_op::receive_message:
      return "receive message";
    case io_op::send_messages:
      return "send messages";
    case io_op::receive_messages:
      return "receive messages";
    case io_op::accept:
      return "accept";
    case io_op::connect:
      return "connect";
    case io_op::poll:
      return "poll";
    case io_op::splice:
      return "splice";
    case io_op::open:
      return "open";
    case io_op::open_beneath:
      return "open beneath";
    case io_op::read:
      return "read";
    case io_op::write:
      return "write";
    case io_op::fsync:
      return "fsync";
    case io_op::read_pieces:
      return "read pieces";
    case io_op::write_pieces:
      return "write pieces";
    case io_op::truncate:
      return "truncate";
    case io_op::flush:
      return "flush";
    case io_op::copy_range:
      return "copy range";
    case io_op::stat:
      return "stat";
    case io_op::rename:
      return "rename";
    case io_op::make_directory:
      return "make directory";
    case io_op::remove:
      return "remove";
    case io_op::link:
      return "link";
    case io_op::symlink:
      return "symlink";
    case io_op::read_link:
      return "read link";
    case io_op::read_directory:
      return "read directory";
  }
  return "?";
}

}  // namespace hocket
