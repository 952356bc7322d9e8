// Descriptors that arrive are numbers in a control message, and belong to nobody until they are put into handles. So the handles'
// memory is there before the system is asked, and an error on the way closes those that are left.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/detail/socket_calls.hpp>
#include <hocket/io/unix_socket.hpp>

namespace hocket {
namespace {

/// Pauses between attempts where the system does not tell when the next one is worth it.
class patience {
 public:
  [[nodiscard]] auto pause() {
    const auto length = next_;
    next_ = std::min(next_ * 2, std::chrono::milliseconds(50));
    return sleep(length);
  }

 private:
  std::chrono::milliseconds next_{1};
};

coro<io_handle> connect_patiently(int type, socket_address address, std::source_location where) {
  for (patience waiting;;) {
    auto connected = co_await as_expected(detail::connect_unix_operation(type, address, where));
    if (connected) co_return std::move(*connected);
    if (connected.error().value() != EAGAIN)
      throw std::system_error(connected.error(), fmt::format("cannot connect to {}", address.to_string()));
    co_await waiting.pause();
  }
}

template <class Socket>
std::pair<Socket, Socket> pair_of(std::source_location where) {
  auto [one, other] = detail::make_socket_pair(Socket::type, where);
  return {Socket(std::move(one)), Socket(std::move(other))};
}

bool stands_in_a_file(const socket_address& address) noexcept {
  return !address.path().empty() && address.path().front() != '\0';
}

}  // namespace

// ---- streams

unix_socket::unix_socket(io_handle handle) noexcept : stream_socket(std::move(handle)) {
  if (is_open()) handle_.record()->ready.short_read_empties = false;
}

std::pair<unix_socket, unix_socket> unix_socket::pair(std::source_location where) {
  return pair_of<unix_socket>(where);
}

coro<void> unix_socket::send_descriptors(std::string_view bytes, std::span<const int> descriptors) {
  const std::size_t sent = co_await detail::send_message_operation(handle_.record(), bytes, descriptors);
  if (sent < bytes.size()) co_await send_all(bytes.substr(sent));
}

coro<unix_socket> connect_unix(socket_address address, std::source_location where) {
  co_return unix_socket(co_await connect_patiently(unix_socket::type, address, where));
}

coro<unix_seqpacket_socket> connect_unix_seqpacket(socket_address address, std::source_location where) {
  co_return unix_seqpacket_socket(co_await connect_patiently(unix_seqpacket_socket::type, address, where));
}

// ---- messages

std::pair<unix_seqpacket_socket, unix_seqpacket_socket> unix_seqpacket_socket::pair(std::source_location where) {
  return pair_of<unix_seqpacket_socket>(where);
}

void unix_seqpacket_socket::shutdown_send() noexcept {
  if (is_open()) static_cast<void>(handle_.record()->owner().shutdown(number(), SHUT_WR));
}

socket_address unix_seqpacket_socket::peer_address() const { return detail::peer_address_of(handle_); }

unix_datagram_socket unix_datagram_socket::open(std::source_location where) {
  return unix_datagram_socket(detail::make_socket(AF_UNIX, type, where));
}

unix_datagram_socket unix_datagram_socket::bind(const socket_address& address, std::source_location where) {
  unix_datagram_socket made = open(where);
  detail::bind(made.handle_, address);
  return made;
}

std::pair<unix_datagram_socket, unix_datagram_socket> unix_datagram_socket::pair(std::source_location where) {
  return pair_of<unix_datagram_socket>(where);
}

coro<void> unix_datagram_socket::connect(socket_address peer) {
  co_await detail::connect_existing_operation(handle_.record(), peer);
}

coro<void> unix_datagram_socket::send_to(std::string_view bytes, socket_address address) {
  for (patience waiting;;) {
    const auto sent =
        co_await as_expected(detail::send_message_operation(handle_.record(), bytes, address, MSG_DONTWAIT));
    if (sent) co_return;
    if (sent.error().value() != EAGAIN) throw std::system_error(sent.error(), "send");
    co_await waiting.pause();
  }
}

// ---- listeners

namespace detail {

unix_listener_base::unix_listener_base(int type, const socket_address& address, const unix_listen_options& options,
                                       std::source_location where)
    : basic_socket(make_socket(AF_UNIX, type, where)) {
  backend& system = system_of(handle_);
  const std::string what = fmt::format("cannot listen at {}", address.to_string());
  const std::string path(stands_in_a_file(address) ? address.path() : std::string_view());
  struct stat before{};
  if (!path.empty() && options.remove_stale && system.lstat(path.c_str(), before) == 0 && S_ISSOCK(before.st_mode))
    static_cast<void>(system.unlink(path.c_str()));  // if it stays, bind says so
  require(system.bind(number(), address.data(), address.size()), what);
  if (!path.empty()) remember(path);
  try {
    if (options.mode && !path.empty()) require(system.chmod(path.c_str(), *options.mode), what);
    require(system.listen(number(), options.backlog), what);
  } catch (...) {
    close();
    throw;
  }
  if (!options.remove_on_close) file_ = {};
}

void unix_listener_base::remember(std::string path) {
  struct stat made{};
  if (system_of(handle_).lstat(path.c_str(), made) == 0) file_ = {std::move(path), made.st_dev, made.st_ino};
}

unix_listener_base& unix_listener_base::operator=(unix_listener_base&& other) noexcept {
  if (this != &other) {
    close();
    handle_ = std::move(other.handle_);
    file_ = std::exchange(other.file_, {});
  }
  return *this;
}

void unix_listener_base::close() noexcept {
  if (is_open() && !file_.path.empty()) {
    backend& system = handle_.record()->owner();
    struct stat now{};
    const bool there = system.lstat(file_.path.c_str(), now) == 0;
    if (there && now.st_dev == file_.device && now.st_ino == file_.inode)
      static_cast<void>(system.unlink(file_.path.c_str()));
  }
  file_ = {};
  basic_socket::close();
}

// ---- operations

std::pair<io_handle, io_handle> make_socket_pair(int type, std::source_location where) {
  int numbers[2] = {-1, -1};
  require(loop::running().io().socketpair(AF_UNIX, type, 0, numbers), "socketpair");
  std::pair<io_handle, io_handle> made;
  std::exception_ptr problem;
  for (int n = 0; n < 2; ++n) {
    try {
      (n == 0 ? made.first : made.second) = io_handle(numbers[n], io_handle::made_here{}, where);
    } catch (...) {  // that number is closed, the other one is not
      problem = std::current_exception();
    }
  }
  if (problem) std::rethrow_exception(problem);
  return made;
}

peer_credentials credentials_of(const io_handle& socket) {
  ucred found{};
  option_of(socket, SOL_SOCKET, SO_PEERCRED, &found, sizeof found);
  return {.process = found.pid, .user = found.uid, .group = found.gid};
}

bool connect_unix_operation::await_ready() {
  try {
    handle_ = make_socket(AF_UNIX, type_, where_);
  } catch (const std::system_error& refused) {  // as the system's answer, so that `as_expected` has it too
    fail(refused.code().value());
    return true;
  }
  aim_at(*handle_.record());
  request_.data = const_cast<sockaddr*>(address_.data());
  request_.length = address_.size();
  return io_awaitable::await_ready();
}

receive_unix_operation::receive_unix_operation(descriptor* target, std::span<char> into, std::size_t most_descriptors,
                                               std::source_location where)
    : io_awaitable(io_op::receive_message, target), into_(into), where_(where) {
  if (most_descriptors == 0) return;
  control_bytes_ = CMSG_LEN(most_descriptors * sizeof(int));  // not a descriptor more, as padding would let through
  control_ = std::make_unique<cmsghdr[]>((control_bytes_ + sizeof(cmsghdr) - 1) / sizeof(cmsghdr));
  descriptors_.reserve(control_bytes_ /
                       sizeof(int));  // the system fills the control buffer, to the alignment's last byte
}

receive_unix_operation::receive_unix_operation(receive_unix_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)),
      into_(other.into_),
      where_(other.where_),
      descriptors_(std::move(other.descriptors_)),
      control_(std::move(other.control_)),
      control_bytes_(other.control_bytes_) {}

bool receive_unix_operation::await_ready() {
  piece_ = {.iov_base = into_.data(), .iov_len = into_.size()};
  message_.msg_iov = &piece_;
  message_.msg_iovlen = 1;
  message_.msg_name = &sender_;
  message_.msg_namelen = sizeof sender_;
  message_.msg_control = control_.get();
  message_.msg_controllen = control_bytes_;
  request_.data = &message_;
  return io_awaitable::await_ready();
}

unix_message receive_unix_operation::convert(std::int32_t size) {
  unix_message received;
  take_descriptors(received);
  received.size = static_cast<std::size_t>(size);
  received.truncated = (message_.msg_flags & MSG_TRUNC) != 0;
  received.descriptors_lost = (message_.msg_flags & MSG_CTRUNC) != 0;
  received.sender = message_.msg_namelen > sizeof(sa_family_t)
                        ? socket_address(reinterpret_cast<const sockaddr*>(&sender_), message_.msg_namelen)
                        : socket_address::unix_path({});
  return received;
}

void receive_unix_operation::take_descriptors(unix_message& into) {
  std::exception_ptr problem;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message_); each != nullptr; each = CMSG_NXTHDR(&message_, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t n = 0; n < count; ++n) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(each) + n * sizeof number, sizeof number);
      try {
        descriptors_.emplace_back(number, where_);
      } catch (...) {  // that number is closed, those behind it are not
        problem = std::current_exception();
      }
    }
  }
  if (problem) std::rethrow_exception(problem);
  into.descriptors = std::move(descriptors_);
}

}  // namespace detail
}  // namespace hocket
