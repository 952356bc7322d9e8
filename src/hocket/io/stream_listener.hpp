#pragma once

#include <utility>
#include <variant>

#include <hocket/io/tcp.hpp>
#include <hocket/io/unix_socket.hpp>

namespace hocket {

/// A listener whose connections carry bytes, of TCP or of unix sockets: what a server listens on. Owns it.
class stream_listener {
 public:
  stream_listener(tcp_listener of_tcp) noexcept : listener_(std::move(of_tcp)) {}
  stream_listener(unix_listener of_unix) noexcept : listener_(std::move(of_unix)) {}

  /// What both have. It stays this object's.
  [[nodiscard]] const basic_socket& socket() const noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket().is_open(); }
  /// Throws std::system_error if it is not open.
  [[nodiscard]] socket_address local_address() const { return socket().local_address(); }

  /// The listener itself, if it is a `Listener`; otherwise null.
  template <class Listener>
  [[nodiscard]] Listener* as() noexcept {
    return std::get_if<Listener>(&listener_);
  }
  template <class Listener>
  [[nodiscard]] const Listener* as() const noexcept {
    return std::get_if<Listener>(&listener_);
  }

  void close() noexcept;

 private:
  std::variant<tcp_listener, unix_listener> listener_;
};

}  // namespace hocket
