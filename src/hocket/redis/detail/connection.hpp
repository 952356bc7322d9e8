#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/detail/reply_parser.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis::detail {

/// Throws what the system or the peer did to a connection as a `connection_lost`, and all else as it is.
[[noreturn]] void throw_as_lost(const std::exception_ptr& problem);

/// Another attempt may find it mended: the connection, or a server that is starting.
[[nodiscard]] bool mends(const std::exception_ptr& problem) noexcept;

/// What went wrong, in its own words.
[[nodiscard]] std::string what_of(const std::exception_ptr& problem);

/// What errors call the server.
[[nodiscard]] std::string name_of(const client_options& options);
/// A stream to the server, over TLS if that is wanted, on which nobody has said anything yet. `options` must stay.
[[nodiscard]] coro<byte_stream> reach(const client_options& options);

/// One connection to a server, which has been greeted. One task may send and one may receive at a time.
class connection {
 public:
  /// Connects, and says what `options` want said first, within `connect_timeout`. Throws `not_connected`, which says why, `response_error` of a server that
  /// refuses us, `protocol_error`, `cancelled`. `options` must stay.
  [[nodiscard]] static coro<std::unique_ptr<connection>> open(const client_options& options);

  connection(byte_stream stream, const reply_limits& limits) noexcept : stream_(std::move(stream)), parser_(limits) {}

  /// The next reply, a push too, of what has come already; nothing: `receive_more` first. Throws `protocol_error`.
  [[nodiscard]] std::optional<reply> next() { return parser_.next(rest_); }
  /// Waits for bytes. Throws `connection_lost` at the end, std::system_error, `cancelled`; loses nothing.
  [[nodiscard]] coro<void> receive_more();

  /// Throws std::system_error; `cancelled`, and then the connection is of no further use.
  [[nodiscard]] HOCKET_CORO_WRAPPER auto send(std::string_view bytes) { return stream_.send_all(bytes); }

  /// Sends it and waits for the answer, an error too; pushes that come before go to `on_push`, if it is set. Whoever is cancelled here has to abort the connection.
  [[nodiscard]] coro<reply> ask(const request& what);

  /// The next reply that is no push.
  [[nodiscard]] coro<reply> answer();

  [[nodiscard]] coro<void> close() { co_await stream_.close(); }
  void abort() noexcept { stream_.abort(); }
  [[nodiscard]] bool is_open() const noexcept { return stream_.is_open(); }
  /// At rest it should have nothing to say; otherwise it has most likely ended.
  [[nodiscard]] bool has_something_to_read() const noexcept {
    return !rest_.empty() || stream_.has_something_to_read();
  }

 private:
  coro<void> greet(const client_options& options);
  coro<void> greet_by_hello(const client_options& options);
  coro<void> greet_of_old(const client_options& options);
  coro<void> require(request what);
  coro<void> require_role(std::string role);

  byte_stream stream_;
  reply_parser parser_;
  buffer received_;
  std::string_view rest_;  // of it
};

}  // namespace hocket::redis::detail
