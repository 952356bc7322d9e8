// Sockets: every call is made with MSG_DONTWAIT, and waits where the answer is EAGAIN. A stream's send goes on until all is sent, as one that
// blocks does.

#include <cstdlib>

#include <fcntl.h>
#include <sys/socket.h>

#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/transfer.hpp>
#include <hocket/green/detail/waiting.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::may_wait_here;
using green_detail::until_done;

void hocket::green::detail::keep_interposed_sockets() noexcept {}

extern "C" {

ssize_t recvfrom(int number, void* to, size_t size, int flags, sockaddr* from, socklen_t* from_size) {
  static const auto real = green_detail::real<decltype(::recvfrom)>("recvfrom");
  if (!may_wait_here() || (flags & MSG_DONTWAIT) != 0) return real(number, to, size, flags, from, from_size);
  const auto once = [&](void* place, size_t room) {
    return until_done(number, POLLIN, [&] {
      return real(number, place, room, (flags & ~MSG_WAITALL) | MSG_DONTWAIT, from, from_size);
    });
  };
  if ((flags & MSG_WAITALL) == 0 || (flags & MSG_PEEK) != 0) return once(to, size);
  return green_detail::all_of(static_cast<char*>(to), size, once);
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
  if (!may_wait_here() || (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) != 0) return real(number, message, flags);
  return until_done(number, POLLIN, [&] { return real(number, message, flags | MSG_DONTWAIT); });
}

ssize_t sendto(int number, const void* from, size_t size, int flags, const sockaddr* to, socklen_t to_size) {
  static const auto real = green_detail::real<decltype(::sendto)>("sendto");
  if (!may_wait_here() || (flags & MSG_DONTWAIT) != 0) return real(number, from, size, flags, to, to_size);
  return green_detail::all_of(static_cast<const char*>(from), size, [&](const void* rest, size_t left) {
    return until_done(number, POLLOUT, [&] { return real(number, rest, left, flags | MSG_DONTWAIT, to, to_size); });
  });
}

ssize_t send(int number, const void* from, size_t size, int flags) {
  return sendto(number, from, size, flags, nullptr, 0);
}

ssize_t sendmsg(int number, const msghdr* message, int flags) {
  static const auto real = green_detail::real<decltype(::sendmsg)>("sendmsg");
  if (!may_wait_here() || (flags & MSG_DONTWAIT) != 0) return real(number, message, flags);
  green_detail::rest_of rest(message->msg_iov, message->msg_iovlen);
  msghdr part = *message;
  while (!rest.is_done()) {
    part.msg_iov = rest.pieces();
    part.msg_iovlen = rest.count();
    const ssize_t sent = until_done(number, POLLOUT, [&] { return real(number, &part, flags | MSG_DONTWAIT); });
    if (sent < 0) return rest.passed() > 0 ? rest.passed() : sent;
    rest.pass(sent);
    part.msg_control = nullptr;  // goes with the first byte
    part.msg_controllen = 0;
  }
  return rest.passed();
}

int connect(int number, const sockaddr* to, socklen_t size) {
  static const auto real = green_detail::real<decltype(::connect)>("connect");
  if (!may_wait_here() || green_detail::is_nonblocking(number)) return real(number, to, size);
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  const int begun = real(number, to, size);
  const int problem = errno;
  ::fcntl(number, F_SETFL, flags);
  errno = problem;
  if (begun == 0 || errno != EINPROGRESS) return begun;
  if (!green_detail::wait_by_option(number, POLLOUT)) {
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
  if (!may_wait_here() || green_detail::is_nonblocking(number)) return real(number, from, size, flags);
  return until_done(number, POLLIN, [&] {
    if (!green_detail::is_ready(number, POLLIN)) return -1;
    return real(number, from, size, flags);
  });
}

int accept(int number, sockaddr* from, socklen_t* size) { return accept4(number, from, size, 0); }
}
