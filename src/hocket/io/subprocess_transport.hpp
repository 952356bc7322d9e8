#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include <sys/types.h>

#include <hocket/io/detail/subprocess_connection.hpp>
#include <hocket/io/transport.hpp>

namespace hocket {

/// A child process as its protocol sees it: a handle, cheap to copy. Dropping all of them changes nothing. The child is killed when
/// it is closed or the run ends. Belongs to its loop. Counterpart: asyncio.SubprocessTransport.
class subprocess_transport {
 public:
  /// No transport: assign one before any other use.
  subprocess_transport() noexcept = default;
  explicit subprocess_transport(record_ref<detail::subprocess_connection> connection) noexcept
      : connection_(std::move(connection)) {}

  [[nodiscard]] pid_t get_pid() const noexcept { return connection_->child().pid(); }
  /// As `subprocess::process::returncode`.
  [[nodiscard]] std::optional<int> get_returncode() const noexcept { return connection_->child().returncode(); }
  /// The transport of its standard input (0), to be written to, output (1) or error (2); none where there is no pipe. Closing the first is
  /// the end of its input. Throws std::invalid_argument of another number.
  [[nodiscard]] transport get_pipe_transport(int number) const { return connection_->pipe(number); }

  /// Without effect once it has ended. The signal cannot reach anybody else.
  void send_signal(int number) const noexcept { connection_->child().signal(number); }
  /// SIGTERM, SIGKILL.
  void terminate() const noexcept { send_signal(SIGTERM); }
  void kill() const noexcept { send_signal(SIGKILL); }

  /// Kills it, if it has not ended, and closes its pipes; what was not sent is dropped. Then come `process_exited` and
  /// `connection_lost`.
  void close() const noexcept { connection_->close(); }
  [[nodiscard]] bool is_closing() const noexcept { return connection_->is_closing(); }

  /// Whom it calls; null once the connection is lost.
  [[nodiscard]] std::shared_ptr<subprocess_protocol> get_protocol() const noexcept {
    return connection_->get_protocol();
  }

  /// False of a transport that is none.
  explicit operator bool() const noexcept { return static_cast<bool>(connection_); }
  friend bool operator==(const subprocess_transport& a, const subprocess_transport& b) noexcept {
    return a.connection_.get() == b.connection_.get();
  }

 private:
  record_ref<detail::subprocess_connection> connection_;
};

}  // namespace hocket
