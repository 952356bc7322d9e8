#pragma once

#include <mutex>
#include <optional>
#include <source_location>

#include <hocket/io/passed_socket.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/io/tcp.hpp>

namespace hocket {

/// One address at which several loops listen, each with a socket of its own (SO_REUSEPORT): the way to a server on all
/// processors.
///
/// ```cpp
/// hocket::shared_address address(*hocket::socket_address::parse("127.0.0.1", 0));
/// hocket::run_loops(0, [&](std::size_t) -> hocket::coro<void> {
///   auto server = hocket::start_server(serve_client, address.listen());
///   co_await server.serve_forever();
/// });
/// ```
///
/// With port 0 the first one to listen has one chosen, and the others take that. The kernel spreads new connections by a hash
/// of their two addresses, not by how busy a loop is: with few connections some loops may get none. A connection belongs to the
/// loop that the kernel gave it to: when a listener is closed, those in its backlog are reset, and the others get its share
/// from then on.
///
/// Used by any thread.
class shared_address {
 public:
  explicit shared_address(const socket_address& address) noexcept : address_(address) {}
  /// Where a service manager listens already: all have that one socket, and whoever is idle takes the next connection. None is lost when
  /// they close theirs. Throws `error` if nobody listens at it.
  explicit shared_address(passed_socket socket);

  /// Listens there, on the running loop; for `start_server`, `http::server` and whoever takes a listener. The first one is
  /// refused where a socket of anybody else listens, even if that would share (two servers that split their clients by accident
  /// are hard to find), unless `options.reuse_port` says that it is meant. At a passed socket `options` do not matter. Throws std::system_error.
  [[nodiscard]] tcp_listener listen(listen_options options = {},
                                    std::source_location where = std::source_location::current());

  /// Its port is 0 until somebody listens, if it was.
  [[nodiscard]] socket_address address() const {
    const std::lock_guard guard(mutex_);
    return address_;
  }

 private:
  mutable std::mutex mutex_;
  socket_address address_;
  bool is_taken_ = false;
  std::optional<passed_socket> passed_;
};

}  // namespace hocket
