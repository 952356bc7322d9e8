#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <hocket/io/detail/socket_calls.hpp>

namespace hocket::detail {
namespace {

template <class Ask>
socket_address address_of(Ask ask, const char* what) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  require(ask(reinterpret_cast<sockaddr*>(&storage), &size), what);
  return {reinterpret_cast<const sockaddr*>(&storage), size};
}

}  // namespace

backend& system_of(const io_handle& socket) {
  if (!socket.is_open()) throw std::system_error(EBADF, std::system_category(), "the socket is not open");
  return socket.record()->owner();
}

int require(int answer, const char* what) {
  if (answer < 0) throw std::system_error(-answer, std::system_category(), what);
  return answer;
}

int require(int answer, const std::string& what) { return require(answer, what.c_str()); }

io_handle make_socket(int family, int type, std::source_location where) {
  const int number = require(loop::running().io().socket(family, type, 0), "socket");
  return io_handle(number, io_handle::made_here{}, where);
}

void set_option(const io_handle& socket, int level, int option, int value) {
  set_option(socket, level, option, &value, sizeof value);
}

void set_option(const io_handle& socket, int level, int option, const void* value, std::size_t size) {
  require(system_of(socket).setsockopt(socket.number(), level, option, value, static_cast<socklen_t>(size)),
          "setsockopt");
}

int option_of(const io_handle& socket, int level, int option) {
  int value = 0;
  option_of(socket, level, option, &value, sizeof value);
  return value;
}

std::size_t option_of(const io_handle& socket, int level, int option, void* value, std::size_t size) {
  auto length = static_cast<socklen_t>(size);
  require(system_of(socket).getsockopt(socket.number(), level, option, value, &length), "getsockopt");
  return length;
}

socket_address local_address_of(const io_handle& socket) {
  return address_of(
      [&](sockaddr* name, socklen_t* size) { return system_of(socket).getsockname(socket.number(), name, size); },
      "getsockname");
}

socket_address peer_address_of(const io_handle& socket) {
  return address_of(
      [&](sockaddr* name, socklen_t* size) { return system_of(socket).getpeername(socket.number(), name, size); },
      "getpeername");
}

void bind(const io_handle& socket, const socket_address& address) {
  require(system_of(socket).bind(socket.number(), address.data(), address.size()),
          fmt::format("cannot bind to {}", address.to_string()));
}

void bind_and_listen(const io_handle& socket, const socket_address& address, int backlog) {
  system_calls& system = system_of(socket);
  const std::string what = fmt::format("cannot listen at {}", address.to_string());
  require(system.bind(socket.number(), address.data(), address.size()), what);
  require(system.listen(socket.number(), backlog), what);
}

bool is_one_way(const io_handle& handle) {
  struct stat state{};
  if (!handle.is_open() || system_of(handle).fstat(handle.number(), state) != 0) return false;
  return S_ISFIFO(state.st_mode) || S_ISREG(state.st_mode);
}

void shutdown(const io_handle& socket, int how) {
  const int answer = system_of(socket).shutdown(socket.number(), how);
  if (answer != -ENOTCONN) require(answer, "shutdown");
}

std::expected<std::size_t, std::error_code> send_at_once(const io_handle& socket, std::string_view bytes) noexcept {
  if (!socket.is_open()) return 0;
  iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  const int sent = socket.record()->owner().sendmsg(socket.number(), message);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (sent == -EAGAIN || sent == -ENOTSOCK) return 0;
  return std::unexpected(std::error_code(-sent, std::system_category()));
}

bool has_something_to_read(const io_handle& socket) noexcept {
  return socket.is_open() && socket.record()->owner().poll_now(socket.number(), POLLIN) != 0;
}

}  // namespace hocket::detail
