#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http {

class server;

namespace detail {
class server_connection;
}

/// A request, its body already read away. Valid during its handler.
struct request {
  std::string_view method;
  std::string_view target;  // as sent, without scheme and host if it had them: "/path?query"
  const http::headers& headers;
  socket_address peer;  // the unspecified one if the connection has no socket
};

/// The answer to one request: either `send`, or `begin` and then `write` until the announced length is reached.
/// Every call throws std::system_error if the client is gone, `timeout_error` if it takes nothing, and `cancelled`.
class responder {
 public:
  explicit responder(detail::server_connection& connection) noexcept : connection_(connection) {}
  responder(const responder&) = delete;

  /// Sends a whole answer; Content-Length is added. The body is left out in answer to HEAD.
  [[nodiscard]] coro<void> send(int status, headers fields, std::string_view body);

  /// Announces a body of exactly `length` bytes. The head is sent with the first piece.
  void begin(int status, headers fields, std::uint64_t length);
  /// The next piece. To HEAD nothing but the head is sent: call `finish` instead.
  [[nodiscard]] coro<void> write(std::string_view piece);
  /// Sends what `begin` prepared, for a body that is empty or left out.
  [[nodiscard]] coro<void> finish();

  [[nodiscard]] bool is_head() const noexcept;
  /// True once `send` or `begin` was called.
  [[nodiscard]] bool begun() const noexcept;

 private:
  detail::server_connection& connection_;
};

using handler = function<coro<void>(const request&, responder&)>;

struct server_options {
  /// Makes the server one of https: a `tls_context` for servers. Null: plain HTTP.
  security tls{};
  duration handshake = std::chrono::seconds(60);  // of TLS
  duration head = std::chrono::seconds(30);       // to send a whole head, from its first byte on
  duration idle = std::chrono::seconds(75);       // between requests
  duration transfer = std::chrono::seconds(60);   // a client that takes or gives nothing for so long is dropped
  duration shutdown = std::chrono::seconds(30);   // requests under way get so long to finish
  std::size_t max_connections = 10'000;           // then the one idle longest is closed; more wait in the backlog
  std::uint64_t max_request_body = 1024 * 1024;   // larger: 413
  std::string name = "hocket";                    // the Server field
  /// The time of day for the Date field; none: no Date, as RFC 9110 has it for servers without a clock.
  std::chrono::sys_seconds (*wall_clock)() = nullptr;
  /// Told of what a handler threw (the client got 500 if nothing had been sent), of failed accepts, and of failed handshakes
  /// with the peer's address.
  std::function<void(const std::string&)> on_error{};
};

/// An HTTP/1.1 server, plain or over TLS: keep-alive, pipelining, limits on everything.
///
/// Belongs to one loop. Counterpart: aiohttp.web.
class server {
 public:
  explicit server(handler handler, server_options options = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Serves what `listener` accepts, until cancelled. Then it stops gracefully: no new connections, idle ones closed, requests
  /// under way finished (within `shutdown`), and throws `cancelled`.
  [[nodiscard]] coro<void> serve(tcp_listener& listener);

  /// Serves one connection, however it came to be, until one side wants no more. It counts as the others do, and `serve` does
  /// not end without it. Throws `cancelled`, also when `serve` ends it.
  [[nodiscard]] coro<void> serve_connection(byte_stream peer);

  /// Requests answered so far.
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::size_t connections() const noexcept { return count_; }

 private:
  friend class detail::server_connection;
  friend class responder;
  struct connection_link {};
  class place;

  coro<void> accept_all(tcp_listener& listener);
  void close_longest_idle() noexcept;
  coro<void> stop();
  coro<void> run(byte_stream peer, place mine);

  handler handler_;
  server_options options_;
  intrusive_list<detail::server_connection, connection_link> connections_;
  std::size_t count_ = 0;
  std::uint64_t requests_ = 0;
  bool stopping_ = false;
  event room_;    // fewer connections than allowed
  event no_one_;  // no connection
};

}  // namespace hocket::http
