#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <hocket/io/detail/server_core.hpp>

namespace hocket {

/// Accepts connections and serves them, each in a task of its own: what `start_server`, `create_server` and their kin give.
///
/// When the process or the system is out of descriptors or memory it stops accepting, tells the loop's exception handler, and
/// goes on in a second. When a listener fails otherwise it tells that handler, and when the last one has failed it is closed.
/// Destroying it closes it; clients that are being served go on. Belongs to its loop.
/// Counterpart: asyncio.Server.
class server {
 public:
  /// No server: assign one before any other use.
  server() noexcept = default;
  explicit server(detail::server_ref core) noexcept : core_(std::move(core)) {}
  server(server&&) noexcept = default;
  server& operator=(server&& other) noexcept {
    if (this != &other) {
      if (core_) core_->close();
      core_ = std::move(other.core_);
    }
    return *this;
  }
  ~server() {
    if (core_) core_->close();
  }

  /// Begins to accept; without effect if it does. Throws `invalid_state_error` once it is closed.
  void start_serving() { core_->start_serving(); }

  /// Begins to accept and serves until `close` is called, then returns, or until cancelled: then it closes, closes all clients,
  /// waits for their handlers and throws `cancelled`. That wait may be cancelled too. When the last listener fails it throws
  /// that error at once: clients are served on. Throws `invalid_state_error` if it is closed already, or if another task waits
  /// here.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<void> serve_forever() {
    return detail::server_core::serve_forever(core_);
  }

  /// Listens no more; a unix socket's file is removed. Clients that were accepted are served on.
  void close() noexcept { core_->close(); }
  /// Closes the connection of every client, as `stream_writer::close` does: their handlers read the end.
  void close_clients() noexcept { core_->close_clients(); }
  /// The same as `stream_writer::abort`: what was not sent is dropped.
  void abort_clients() noexcept { core_->abort_clients(); }

  /// Waits until `close` was called, every handler has returned and every connection is closed: the same addresses can be listened
  /// at again. Throws `cancelled`.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<void> wait_closed() { return detail::server_core::wait_closed(core_); }

  [[nodiscard]] bool is_serving() const noexcept { return core_->is_serving(); }
  /// The sockets that listen; those of a closed server are not open.
  [[nodiscard]] const std::vector<stream_listener>& sockets() const noexcept { return core_->listeners(); }
  /// Where it listens: internet addresses, paths, abstract names; nowhere once it is closed.
  [[nodiscard]] std::vector<socket_address> addresses() const;
  /// Clients that are being served.
  [[nodiscard]] std::size_t connections() const noexcept { return core_->clients(); }

 private:
  detail::server_ref core_;
};

}  // namespace hocket
