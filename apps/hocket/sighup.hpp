#pragma once

#include <hocket/core/coro.hpp>
#include <hocket/io/unix_socket.hpp>

namespace hocket::app {

/// SIGHUP, for a task to wait for, as long as one of these exists; after that it ends the process again. One at a time.
class hangups {
 public:
  hangups();
  ~hangups();
  hangups(const hangups&) = delete;

  /// Waits for SIGHUP; those that come before they are waited for are not lost, but may count as one. Throws `cancelled`.
  [[nodiscard]] coro<void> next();

 private:
  std::pair<unix_socket, unix_socket> ends_;  // the handler sends to the first
};

}  // namespace hocket::app
