#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <hocket/core/coro.hpp>
#include <hocket/io/detail/message_operations.hpp>
#include <hocket/io/stream_socket.hpp>

namespace hocket {

/// Who is at the other end: of a connection, who called connect(2) or listen(2), as it was then; of a pair, who made it.
struct peer_credentials {
  pid_t process;
  uid_t user;
  gid_t group;
};

/// What came with `receive_descriptors`, or as a message of its own.
struct unix_message {
  unix_message() = default;
  unix_message(unix_message&&) noexcept = default;
  unix_message& operator=(unix_message&&) noexcept = default;

  std::size_t size = 0;     // in the caller's memory; 0 also at the end of a connection
  bool truncated = false;   // the message was longer than that: its rest is lost. Never of a stream
  socket_address sender{};  // unnamed, if the sender has no address
  std::vector<io_handle> descriptors{};
  bool descriptors_lost = false;  // more came than were asked for: the system has closed them
};

namespace detail {

/// recvmsg(2), with descriptors. Whatever becomes of it, each descriptor that the system hands over is owned or closed.
class receive_unix_operation final : public io_awaitable<receive_unix_operation, unix_message> {
 public:
  static constexpr const char* name = "receive";
  receive_unix_operation(descriptor* target, std::span<char> into, std::size_t most_descriptors,
                         std::source_location where);
  receive_unix_operation(receive_unix_operation&& other) noexcept;
  [[nodiscard]] bool await_ready();
  [[nodiscard]] unix_message convert(std::int32_t size);

 private:
  void take_descriptors(unix_message& into);

  std::span<char> into_;
  std::source_location where_;
  std::vector<io_handle> descriptors_;  // has room, so that nothing is left to fail when they are there
  std::unique_ptr<cmsghdr[]> control_;
  std::size_t control_bytes_ = 0;
  sockaddr_un sender_{};
  iovec piece_{};
  msghdr message_{};
};

/// connect(2), of a socket that it makes. With -EAGAIN if the listener's backlog is full and the backend cannot wait for room.
class connect_unix_operation final : public detailed_awaitable<connect_unix_operation, io_handle> {
 public:
  static constexpr const char* name = "connect";
  connect_unix_operation(int type, const socket_address& address, std::source_location where) noexcept
      : io_awaitable(io_op::connect, nullptr), type_(type), address_(address), where_(where) {}
  connect_unix_operation(connect_unix_operation&& other) noexcept
      : io_awaitable(static_cast<io_awaitable&&>(other)),
        type_(other.type_),
        address_(other.address_),
        where_(other.where_) {}
  [[nodiscard]] bool await_ready();
  [[nodiscard]] io_handle convert(std::int32_t) noexcept { return std::move(handle_); }

 private:
  int type_;
  socket_address address_;
  std::source_location where_;
  io_handle handle_;
};

[[nodiscard]] std::pair<io_handle, io_handle> make_socket_pair(int type, std::source_location where);
[[nodiscard]] peer_credentials credentials_of(const io_handle& socket);

}  // namespace detail

/// A connected stream socket of the same machine. unix(7)
class unix_socket : public stream_socket {
 public:
  static constexpr int type = SOCK_STREAM;

  /// A socket that is not open.
  unix_socket() noexcept = default;
  /// Takes ownership of a connected socket's descriptor.
  explicit unix_socket(io_handle handle) noexcept;

  /// Two sockets that are connected to each other. Throws std::system_error. Counterpart: socket.socketpair.
  [[nodiscard]] static std::pair<unix_socket, unix_socket> pair(
      std::source_location where = std::source_location::current());

  /// Sends all of `bytes`, at least one, and with the first of them the descriptors of these numbers, at most 253: the peer gets
  /// duplicates. They must stay open until it has ended. Otherwise as `send_all`; the span is copied.
  /// Counterpart: socket.send_fds.
  [[nodiscard]] coro<void> send_descriptors(std::string_view bytes, std::span<const int> descriptors);

  /// Waits for bytes, as `recv`, and takes the descriptors that come with them, which are closed by execve(2); bytes that came
  /// with others stay for the next one. Cancelled or closed before they have come it takes none. What `receive` and `recv`
  /// meet, and what is beyond `most_descriptors`, the system closes. Counterpart: socket.recv_fds.
  [[nodiscard]] detail::receive_unix_operation receive_descriptors(
      std::span<char> into, std::size_t most_descriptors = 16,
      std::source_location where = std::source_location::current()) {
    return {handle_.record(), into, most_descriptors, where};
  }

  /// SO_PEERCRED. Throws std::system_error.
  [[nodiscard]] peer_credentials credentials() const { return detail::credentials_of(handle_); }
};

/// A connected socket that keeps messages apart, in order, and loses none.
class unix_seqpacket_socket : public basic_socket {
 public:
  static constexpr int type = SOCK_SEQPACKET;

  unix_seqpacket_socket() noexcept = default;
  explicit unix_seqpacket_socket(io_handle handle) noexcept : basic_socket(std::move(handle)) {}

  [[nodiscard]] static std::pair<unix_seqpacket_socket, unix_seqpacket_socket> pair(
      std::source_location where = std::source_location::current());

  /// Sends one message, with descriptors or without. Throws std::system_error (EMSGSIZE), `cancelled`; then nothing was sent.
  /// An empty one looks like the end to the peer.
  [[nodiscard]] detail::send_message_operation send(std::string_view bytes, std::span<const int> descriptors = {}) {
    return {handle_.record(), bytes, descriptors};
  }

  /// Waits for a message. Throws std::system_error, `cancelled`.
  [[nodiscard]] detail::receive_unix_operation receive(std::span<char> into, std::size_t most_descriptors = 0,
                                                       std::source_location where = std::source_location::current()) {
    return {handle_.record(), into, most_descriptors, where};
  }

  void shutdown_send() noexcept;
  [[nodiscard]] socket_address peer_address() const;
  [[nodiscard]] peer_credentials credentials() const { return detail::credentials_of(handle_); }
};

/// A socket that sends and receives messages, connected or not. Unlike UDP it loses none: who sends waits for room.
class unix_datagram_socket : public basic_socket {
 public:
  static constexpr int type = SOCK_DGRAM;

  unix_datagram_socket() noexcept = default;
  explicit unix_datagram_socket(io_handle handle) noexcept : basic_socket(std::move(handle)) {}

  /// Without an address: it can send. Throws std::system_error.
  [[nodiscard]] static unix_datagram_socket open(std::source_location where = std::source_location::current());
  /// At `address`, so that others can send to it. The file of a path stays when the socket is closed. Throws std::system_error.
  [[nodiscard]] static unix_datagram_socket bind(const socket_address& address,
                                                 std::source_location where = std::source_location::current());
  [[nodiscard]] static std::pair<unix_datagram_socket, unix_datagram_socket> pair(
      std::source_location where = std::source_location::current());

  /// From here on sends to `peer`, and receives from it alone. Throws std::system_error, `cancelled`.
  [[nodiscard]] coro<void> connect(socket_address peer);

  /// Sends one message to where it is connected, with descriptors or without. Throws std::system_error (EMSGSIZE, ECONNREFUSED),
  /// `cancelled`; then nothing was sent.
  [[nodiscard]] detail::send_message_operation send(std::string_view bytes, std::span<const int> descriptors = {}) {
    return {handle_.record(), bytes, descriptors};
  }
  /// The same to `address`. While its queue is full the system does not tell when there is room: asks again after 1 ms, 2, 4, ...
  /// at most 50 ms of the loop's time.
  [[nodiscard]] coro<void> send_to(std::string_view bytes, socket_address address);

  /// Waits for a message. Throws std::system_error, `cancelled`.
  [[nodiscard]] detail::receive_unix_operation receive(std::span<char> into, std::size_t most_descriptors = 0,
                                                       std::source_location where = std::source_location::current()) {
    return {handle_.record(), into, most_descriptors, where};
  }
};

struct unix_listen_options {
  int backlog = 4096;  // the kernel takes less if net.core.somaxconn is
  /// The permissions of the file of a path, set before anybody can connect; nothing: 0777 without the umask.
  std::optional<unsigned> mode{};
  /// Removes what stands at the path before, if it is a socket: the last run left it, or somebody still listens there, who then
  /// gets no more connections.
  bool remove_stale = true;
  /// Removes the file when the listener is closed, if it is still the one that it made.
  bool remove_on_close = true;
};

namespace detail {

class unix_listener_base : public basic_socket {
 public:
  unix_listener_base() noexcept = default;
  unix_listener_base(unix_listener_base&& other) noexcept
      : basic_socket(std::move(other)), file_(std::exchange(other.file_, {})) {}
  unix_listener_base& operator=(unix_listener_base&& other) noexcept;
  ~unix_listener_base() { close(); }

  void close() noexcept;
  /// Gives the descriptor away; the file stays.
  [[nodiscard]] io_handle release() noexcept {
    file_ = {};
    return basic_socket::release();
  }

 protected:
  explicit unix_listener_base(io_handle handle) noexcept : basic_socket(std::move(handle)) {}
  unix_listener_base(int type, const socket_address& address, const unix_listen_options& options,
                     std::source_location where);

 private:
  struct made_file {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };
  void remember(std::string path);

  made_file file_;  // to be removed, if it has a path
};

}  // namespace detail

/// A socket that accepts connections of the same machine: `Socket`s.
template <class Socket>
class basic_unix_listener : public detail::unix_listener_base {
 public:
  /// Not listening.
  basic_unix_listener() noexcept = default;
  /// Takes ownership of a listening socket's descriptor, and of no file. As with `tcp_listener`, one that other processes accept
  /// from too should be non-blocking.
  explicit basic_unix_listener(io_handle handle) noexcept : unix_listener_base(std::move(handle)) {}

  /// Listens at `address`, a path or an abstract name. Asks the file system at once, on the loop's thread.
  /// Throws std::system_error, which names the address. Counterpart: asyncio.start_unix_server.
  [[nodiscard]] static basic_unix_listener listen(const socket_address& address,
                                                  const unix_listen_options& options = {},
                                                  std::source_location where = std::source_location::current()) {
    return basic_unix_listener(address, options, where);
  }

  /// Waits for a connection. Errors as of `tcp_listener::accept`.
  [[nodiscard]] detail::accept_operation<Socket> accept(
      std::source_location where = std::source_location::current()) noexcept {
    return {this->handle_.record(), where};
  }

 private:
  basic_unix_listener(const socket_address& address, const unix_listen_options& options, std::source_location where)
      : unix_listener_base(Socket::type, address, options, where) {}
};

using unix_listener = basic_unix_listener<unix_socket>;
using unix_seqpacket_listener = basic_unix_listener<unix_seqpacket_socket>;

/// Connects to the listener at `address`, a path or an abstract name. While its backlog is full this waits; on epoll, where the
/// system does not tell when there is room, it asks again after 1 ms, 2, 4, ... at most 50 ms of the loop's time.
/// Throws std::system_error, which names the address, and `cancelled`. Counterpart: loop.create_unix_connection.
[[nodiscard]] coro<unix_socket> connect_unix(socket_address address,
                                             std::source_location where = std::source_location::current());
[[nodiscard]] coro<unix_seqpacket_socket> connect_unix_seqpacket(
    socket_address address, std::source_location where = std::source_location::current());

}  // namespace hocket
