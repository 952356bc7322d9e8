// Sockets: every call is made with MSG_DONTWAIT, and waits where the answer is EAGAIN. A stream's send goes on until all is sent, as one that
// blocks does.

#include <atomic>
#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <hocket/green/detail/at_once.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/transfer.hpp>
#include <hocket/green/detail/waiting.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::blocking_call;
using green_detail::may_wait_here;

void hocket::green::detail::keep_interposed_sockets() noexcept {}

namespace {

/// Flags by which a receiving call does not wait in any case.
constexpr int at_once = MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB;

bool is_stream(int number) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/// Of all who share a listener one at a time is in accept, for a moment, or one would unset O_NONBLOCK for another: of the threads of this
/// process by a flag, of processes by a lock of fcntl(2). False: somebody else is.
class turn_to_accept {
 public:
  explicit turn_to_accept(int listener) noexcept : listener_(listener), is_ours_(take()) {}
  ~turn_to_accept() {
    if (!is_ours_) return;
    const int before = errno;
    set(F_UNLCK);
    in_process_.clear(std::memory_order_release);
    errno = before;
  }
  turn_to_accept(const turn_to_accept&) = delete;
  explicit operator bool() const noexcept { return is_ours_; }

  static void forget_all() noexcept { in_process_.clear(std::memory_order_release); }

 private:
  bool take() noexcept {
    if (in_process_.test_and_set(std::memory_order_acquire)) return false;
    if (set(F_WRLCK) || (errno != EAGAIN && errno != EACCES)) return true;
    in_process_.clear(std::memory_order_release);
    return false;
  }
  bool set(short what) const noexcept {
    struct flock lock{};
    lock.l_type = what;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    return ::fcntl(listener_, F_SETLK, &lock) == 0;
  }

  static inline constinit std::atomic_flag in_process_;

  int listener_;
  bool is_ours_;
};

/// O_NONBLOCK by whoever owns the listener, and not by somebody who is in accept.
bool is_set_nonblocking(int listener) noexcept {
  constexpr int most_looks = 1000;
  for (int n = 0; n < most_looks; ++n) {
    if (const turn_to_accept turn(listener); turn) return green_detail::is_nonblocking(listener);
    ::sched_yield();
  }
  return false;
}

}  // namespace

void green_detail::forget_turns_to_accept() noexcept { turn_to_accept::forget_all(); }

extern "C" {

ssize_t recvfrom(int number, void* to, size_t size, int flags, sockaddr* from, socklen_t* from_size) {
  static const auto real = green_detail::real<decltype(::recvfrom)>("recvfrom");
  if ((flags & at_once) != 0 || !may_wait_here()) return real(number, to, size, flags, from, from_size);
  blocking_call call(number, POLLIN);
  const auto once = [&](void* place, size_t room) {
    return call.until_done(
        [&] { return real(number, place, room, (flags & ~MSG_WAITALL) | MSG_DONTWAIT, from, from_size); });
  };
  const bool is_whole = (flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) == 0 && is_stream(number);
  return is_whole ? green_detail::all_of(static_cast<char*>(to), size, once) : once(to, size);
}

ssize_t recv(int number, void* to, size_t size, int flags) {
  return recvfrom(number, to, size, flags, nullptr, nullptr);
}

ssize_t __recv_chk(int number, void* to, size_t size, size_t room, int flags) {
  if (size > room) std::abort();
  return recv(number, to, size, flags);
}

ssize_t __recvfrom_chk(int number, void* to, size_t size, size_t room, int flags, sockaddr* from,
                       socklen_t* from_size) {
  if (size > room) std::abort();
  return recvfrom(number, to, size, flags, from, from_size);
}

ssize_t recvmsg(int number, msghdr* message, int flags) {
  static const auto real = green_detail::real<decltype(::recvmsg)>("recvmsg");
  if ((flags & at_once) != 0 || !may_wait_here()) return real(number, message, flags);
  blocking_call call(number, POLLIN);
  const int once = (flags & ~MSG_WAITALL) | MSG_DONTWAIT;
  const ssize_t first = call.until_done([&] { return real(number, message, once); });
  if (first <= 0 || (flags & MSG_WAITALL) == 0 || (flags & MSG_PEEK) != 0 || !is_stream(number)) return first;
  try {
    green_detail::rest_of rest(message->msg_iov, message->msg_iovlen);
    rest.pass(first);
    while (!rest.is_done()) {
      msghdr more{};
      more.msg_iov = rest.pieces();
      more.msg_iovlen = rest.count();
      const ssize_t got = call.until_done([&] { return real(number, &more, once); });
      if (got <= 0) break;
      rest.pass(got);
    }
    return rest.passed();
  } catch (const std::bad_alloc&) {
    return first;  // less than was asked for, as after a signal
  }
}

ssize_t sendto(int number, const void* from, size_t size, int flags, const sockaddr* to, socklen_t to_size) {
  static const auto real = green_detail::real<decltype(::sendto)>("sendto");
  if ((flags & MSG_DONTWAIT) != 0 || !may_wait_here()) return real(number, from, size, flags, to, to_size);
  blocking_call call(number, POLLOUT);
  return green_detail::all_of(static_cast<const char*>(from), size, [&](const void* rest, size_t left) {
    return call.until_done([&] { return real(number, rest, left, flags | MSG_DONTWAIT, to, to_size); });
  });
}

ssize_t send(int number, const void* from, size_t size, int flags) {
  return sendto(number, from, size, flags, nullptr, 0);
}

ssize_t sendmsg(int number, const msghdr* message, int flags) {
  static const auto real = green_detail::real<decltype(::sendmsg)>("sendmsg");
  if ((flags & MSG_DONTWAIT) != 0 || !may_wait_here()) return real(number, message, flags);
  blocking_call call(number, POLLOUT);
  msghdr part = *message;
  return green_detail::all_pieces(message->msg_iov, message->msg_iovlen, [&](iovec* rest, size_t left) {
    part.msg_iov = rest;
    part.msg_iovlen = left;
    const ssize_t sent = call.until_done([&] { return real(number, &part, flags | MSG_DONTWAIT); });
    part.msg_control = nullptr;  // goes with the first byte
    part.msg_controllen = 0;
    return sent;
  });
}

int connect(int number, const sockaddr* to, socklen_t size) {
  static const auto real = green_detail::real<decltype(::connect)>("connect");
  if (!may_wait_here() || green_detail::is_nonblocking(number)) return real(number, to, size);
  blocking_call call(number, POLLOUT);
  // A unix listener whose backlog is full says EAGAIN, others that it has begun.
  const int begun =
      call.until_done([&] { return green_detail::with_nonblocking(number, [&] { return real(number, to, size); }); });
  if (begun == 0 || errno != EINPROGRESS) return begun;
  if (!call.wait(false)) {
    if (errno == EAGAIN) errno = EINPROGRESS;  // socket(7)
    return -1;
  }
  int answer = 0;
  socklen_t answer_size = sizeof answer;
  if (::getsockopt(number, SOL_SOCKET, SO_ERROR, &answer, &answer_size) != 0) return -1;
  errno = answer;
  return answer == 0 ? 0 : -1;
}

int accept4(int number, sockaddr* from, socklen_t* size, int flags) {
  static const auto real = green_detail::real<decltype(::accept4)>("accept4");
  if (!may_wait_here()) return real(number, from, size, flags);
  blocking_call call(number, POLLIN);
  const auto at_once = [&] { return real(number, from, size, flags); };
  const auto in_turn = [&] {
    if (!green_detail::is_ready(number, POLLIN)) return -1;
    const turn_to_accept turn(number);
    return turn ? green_detail::with_nonblocking(number, at_once) : (errno = EAGAIN, -1);
  };
  return call.until_done(in_turn, [number] { return is_set_nonblocking(number); });
}

int accept(int number, sockaddr* from, socklen_t* size) { return accept4(number, from, size, 0); }
}
