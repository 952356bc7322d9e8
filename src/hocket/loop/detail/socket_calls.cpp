// Calls that never wait, on descriptors of every kind: MSG_DONTWAIT and SPLICE_F_NONBLOCK are flags of one call, whereas
// O_NONBLOCK belongs to all who share the descriptor. accept(2) has no such flag, so an adopted listener is looked at first; if
// another process takes the connection between the look and the call, the call waits for the next one.

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>

#include <fcntl.h>
#include <poll.h>

#include <hocket/loop/descriptor.hpp>
#include <hocket/loop/detail/pipe_calls.hpp>
#include <hocket/loop/detail/socket_calls.hpp>
#include <hocket/loop/detail/without_sigpipe.hpp>

namespace hocket::detail {
namespace {

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

attempt answer(ssize_t returned) noexcept {
  if (returned >= 0) return static_cast<std::int32_t>(returned);
  if (would_block(errno)) return std::nullopt;
  return -errno;
}

template <class Call>
ssize_t uninterrupted(Call call) noexcept {
  ssize_t returned = 0;
  do returned = call();
  while (returned < 0 && errno == EINTR);
  return returned;
}

short poll_now(int number, short events) noexcept {
  pollfd state{.fd = number, .events = events, .revents = 0};
  int count = 0;
  do count = ::poll(&state, 1, 0);
  while (count < 0 && errno == EINTR);  // also of one that does not wait
  return count > 0 ? state.revents : short{0};
}

// A peer that reads quickly must not hold the loop. (Of pieces, one call takes what the socket has room for, a few of these.)
constexpr std::size_t most_at_once = 1024 * 1024;

attempt stop_for_now(io_request& request) noexcept {
  request.phase = has_more;
  return std::nullopt;
}

// `call`, as long as the target may be a socket; `other` for whatever else it is.
template <class Call, class Other>
ssize_t as_socket_or(descriptor& target, Call call, Other other) noexcept {
  if (!is_no_socket(target)) {
    const ssize_t returned = uninterrupted(call);
    if (returned >= 0 || errno != ENOTSOCK) return returned;
    note_no_socket(target);
  }
  return uninterrupted(other);
}

ssize_t send_some(descriptor& target, const char* data, std::size_t size) noexcept {
  const iovec piece{.iov_base = const_cast<char*>(data), .iov_len = size};
  return as_socket_or(
      target, [&] { return ::send(target.number(), data, size, MSG_NOSIGNAL | MSG_DONTWAIT); },
      [&] { return write_some(target, &piece, 1); });
}

attempt send_all(io_request& request) noexcept {
  for (std::size_t sent = 0; sent < most_at_once;) {
    const std::size_t size = std::min(request.length, most_at_once - sent);
    const ssize_t count = send_some(*request.target, static_cast<const char*>(request.data), size);
    if (count < 0) return answer(count);
    if (!advance(request, static_cast<std::size_t>(count))) return 0;
    sent += static_cast<std::size_t>(count);
  }
  return stop_for_now(request);
}

attempt send_pieces(io_request& request) noexcept {
  const auto* message = static_cast<const msghdr*>(request.data);
  descriptor& target = *request.target;
  for (std::size_t sent = 0; sent < most_at_once;) {
    const ssize_t count = as_socket_or(
        target, [&] { return ::sendmsg(target.number(), message, MSG_NOSIGNAL | MSG_DONTWAIT); },
        [&] { return write_some(target, message->msg_iov, message->msg_iovlen); });
    if (count < 0) return answer(count);
    if (!advance(request, static_cast<std::size_t>(count))) return 0;
    sent += static_cast<std::size_t>(count);
  }
  return stop_for_now(request);
}

attempt send_message(const io_request& request) noexcept {
  const auto flags = static_cast<int>(request.flags);
  const attempt outcome = answer(uninterrupted([&] {
    return ::sendmsg(request.target->number(), static_cast<const msghdr*>(request.data),
                     flags | MSG_NOSIGNAL | MSG_DONTWAIT);
  }));
  return outcome || (flags & MSG_DONTWAIT) == 0 ? outcome : attempt(-EAGAIN);
}

attempt accept(const io_request& request, int flags) noexcept {
  const int number = request.target->number();
  if (request.target->is_adopted() && poll_now(number, POLLIN) == 0) return std::nullopt;
  const int all = flags | static_cast<int>(request.flags) | SOCK_CLOEXEC;
  return answer(uninterrupted([&] { return ::accept4(number, nullptr, nullptr, all); }));
}

// splice(2) into a socket that blocks waits, whatever the flags of the call: O_NONBLOCK is set for that one, unless the socket is
// adopted. Then it is not ours to set.
class socket_that_does_not_wait {
 public:
  explicit socket_that_does_not_wait(const descriptor& target) noexcept
      : number_(target.number()), flags_(::fcntl(number_, F_GETFL)), blocks_((flags_ & O_NONBLOCK) == 0) {
    is_changed_ = blocks_ && !target.is_adopted();
    if (is_changed_) ::fcntl(number_, F_SETFL, flags_ | O_NONBLOCK);
  }
  ~socket_that_does_not_wait() {
    if (is_changed_) ::fcntl(number_, F_SETFL, flags_);
  }
  socket_that_does_not_wait(const socket_that_does_not_wait&) = delete;

  [[nodiscard]] bool waits() const noexcept { return blocks_ && !is_changed_; }

 private:
  int number_;
  int flags_;
  bool blocks_;
  bool is_changed_ = false;
};

attempt splice(const io_request& request) noexcept {
  const bool into_pipe = (request.flags & io_request::into_pipe) != 0;
  const io_details& more = *request.details;
  const int from = (into_pipe ? request.target : more.pipe)->number();
  const int to = (into_pipe ? more.pipe : request.target)->number();
  loff_t offset = more.offset;
  std::optional<socket_that_does_not_wait> socket;
  if (!into_pipe && socket.emplace(*request.target).waits()) return -EINVAL;
  loff_t* const at = into_pipe && more.offset >= 0 ? &offset : nullptr;
  return answer(without_sigpipe(request.length, [&]() -> ssize_t {
    std::size_t done = 0;
    while (done < request.length) {  // a signal cuts it short, however much room there is
      const ssize_t count = uninterrupted(
          [&] { return ::splice(from, at, to, nullptr, request.length - done, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
      if (count <= 0) return done > 0 ? static_cast<ssize_t>(done) : count;
      done += static_cast<std::size_t>(count);
    }
    return static_cast<ssize_t>(done);
  }));
}

}  // namespace

bool advance(io_request& request, std::size_t count) noexcept {
  if (request.details != nullptr && request.details->offset >= 0)
    request.details->offset += static_cast<std::int64_t>(count);
  if (request.op == io_op::send || request.op == io_op::write) {
    request.data = static_cast<char*>(request.data) + count;
    request.length -= count;
    return request.length > 0;
  }
  auto& message = *static_cast<msghdr*>(request.data);
  while (request.length > 0 && count >= message.msg_iov->iov_len) {
    count -= message.msg_iov->iov_len;
    ++message.msg_iov;
    --request.length;
  }
  message.msg_iovlen = std::min<std::size_t>(request.length, IOV_MAX);
  if (request.length == 0) return false;
  message.msg_iov->iov_base = static_cast<char*>(message.msg_iov->iov_base) + count;
  message.msg_iov->iov_len -= count;
  return true;
}

attempt begin_connect(const io_request& request) noexcept {
  const auto* address = static_cast<const sockaddr*>(request.data);
  if (::connect(request.target->number(), address, static_cast<socklen_t>(request.length)) == 0) return 0;
  // A unix socket whose listener has no room answers EAGAIN, and nothing ever tells when there is some.
  if (errno == EAGAIN) return -EAGAIN;
  if (errno == EINPROGRESS || errno == EINTR) return std::nullopt;
  return -errno;
}

attempt look_at_connect(const io_request& request) noexcept {
  const int number = request.target->number();
  if (poll_now(number, POLLOUT) == 0) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size);
  return -error;
}

attempt try_receive(descriptor& target, void* memory, std::size_t size) noexcept {
  const iovec piece{.iov_base = memory, .iov_len = size};
  return answer(as_socket_or(
      target, [&] { return ::recv(target.number(), memory, size, MSG_DONTWAIT); },
      [&] { return read_some(target, &piece, 1); }));
}

attempt try_call(io_request& request, int accept_flags) noexcept {
  const int number = request.target->number();
  const int flags = static_cast<int>(request.flags) | MSG_DONTWAIT;
  switch (request.op) {
    case io_op::recv:
    case io_op::read:
      return try_receive(*request.target, request.data, request.length);
    case io_op::send:
    case io_op::write:
      return send_all(request);
    case io_op::read_pieces: {
      const auto& message = *static_cast<const msghdr*>(request.data);
      return answer(uninterrupted([&] { return read_some(*request.target, message.msg_iov, message.msg_iovlen); }));
    }
    case io_op::send_pieces:
    case io_op::write_pieces:
      return send_pieces(request);
    case io_op::send_message:
      return send_message(request);
    case io_op::receive_message:
      return answer(uninterrupted(
          [&] { return ::recvmsg(number, static_cast<msghdr*>(request.data), flags | MSG_CMSG_CLOEXEC); }));
    case io_op::send_messages:
      return answer(uninterrupted([&] {
        return ::sendmmsg(number, static_cast<mmsghdr*>(request.data), static_cast<unsigned>(request.length),
                          flags | MSG_NOSIGNAL);
      }));
    case io_op::receive_messages:
      return answer(uninterrupted([&] {
        return ::recvmmsg(number, static_cast<mmsghdr*>(request.data), static_cast<unsigned>(request.length),
                          flags | MSG_CMSG_CLOEXEC, nullptr);
      }));
    case io_op::accept:
      return accept(request, accept_flags);
    case io_op::poll: {
      const short seen = poll_now(number, static_cast<short>(request.flags));
      if (seen == 0) return std::nullopt;
      return (seen & POLLNVAL) != 0 ? -EBADF : seen;  // closed meanwhile, by whoever lent it
    }
    case io_op::splice:
      return splice(request);
    default:
      return -EOPNOTSUPP;
  }
}

short events_for(const io_request& request) noexcept {
  switch (request.op) {
    case io_op::splice:
      return (request.flags & io_request::into_pipe) != 0 ? POLLIN : POLLOUT;
    case io_op::send:
    case io_op::send_pieces:
    case io_op::send_message:
    case io_op::send_messages:
    case io_op::connect:
    case io_op::write:
    case io_op::write_pieces:
      return POLLOUT;
    case io_op::poll:
      return static_cast<short>(request.flags);
    default:
      return POLLIN;
  }
}

}  // namespace hocket::detail
