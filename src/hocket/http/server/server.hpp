#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/forwarded/forwarded.hpp>
#include <hocket/http/forwarded/ip_network.hpp>
#include <hocket/http/forwarded/proxy_protocol.hpp>
#include <hocket/http/server/detail/date_line.hpp>
#include <hocket/http/server/detail/request_id_giver.hpp>
#include <hocket/http/server/handler.hpp>
#include <hocket/http/server/request_id.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/system_wall_clock.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http {

class server;

namespace detail {
class h2_server_connection;
class h2_server_stream;
class server_connection;
class server_exchange;
}  // namespace detail

/// How a request ended, for logs and counters.
struct answered {
  int status = 0;                ///< what the client was told; 0 if it was told nothing
  std::uint64_t body_bytes = 0;  ///< of the reply's body, as far as they were sent
  duration took{};               ///< from the whole head on to the last byte; zero for what was refused
  bool complete = false;         ///< the client has, or will have, the whole reply
  /// Why the server itself refused the request (400, 408, 413, 414, 417, 431, 501, 505), so that no handler saw it; else empty. One line
  /// without any of the client's bytes.
  std::string_view refused_for{};
};

/// Who must say first on a connection for whom it is: proxies that pass on bytes.
struct proxy_protocol_options {
  /// Connections from here begin with a PROXY header, or are closed. Connections from elsewhere are those of clients, who may
  /// not send one.
  std::vector<ip_network> trusted{};
  duration limit = std::chrono::seconds(5);
  proxy_header_options accepted{};
};

/// HTTP/2 (RFC 9113), for the same handlers. The limits of `server_options` hold for it as well: a field is one of `max_line_bytes`, a head as
/// large as its fields are when they are unpacked, `max_requests` are those on one connection.
struct http2_server_options {
  /// Over TLS it is offered beside HTTP/1.1 (ALPN), unless the context names protocols of its own.
  bool over_tls = true;
  /// Without TLS, clients may begin with it right away: curl's --http2-prior-knowledge.
  bool prior_knowledge = false;
  /// Websockets may be asked for on a stream of a connection (RFC 8441), beside other requests. Handlers see such a request as over HTTP/1.1: GET,
  /// with `Upgrade: websocket` and `Connection: Upgrade`.
  bool websockets = true;

  std::uint32_t max_streams =
      100;  ///< requests of one connection at once; further ones are refused, for the client to send again
  /// How much of a request's body may have come that its handler has not taken. A handler that does not read holds up its own request alone.
  std::uint32_t window_bytes = 128 * 1024;
  /// How much of all bodies may be on its way: what has come and is left lying does not count, which is `max_streams` times as much at most.
  std::uint32_t connection_window_bytes = 1024 * 1024;
};

struct server_options {
  /// Makes the server one of https: a `tls_context` for servers. Null: plain HTTP.
  security tls{};

  http2_server_options http2{};

  // Who is on the other side: without these whoever is connected.
  std::optional<proxy_protocol_options> proxy_protocol{};  // comes before TLS
  /// Proxies whose fields (X-Forwarded-For, Forwarded) say who made a request: then `request::peer`, `scheme` and `host` are the
  /// client's. A request whose fields are unreadable is 400.
  std::optional<trusted_proxies> proxies{};

  // How long clients may take.
  duration handshake = std::chrono::seconds(10);  // of TLS
  duration head = std::chrono::seconds(10);       // to send a whole head, from its first byte on
  duration idle = std::chrono::seconds(15);       // between requests
  duration grace = std::chrono::seconds(10);      // to send or take anything at all of a body
  std::uint64_t min_rate = 1024;  // bytes of a body a second, beyond `grace`: slower clients are dropped
  /// How long a client may take nothing of a reply, as one does that pauses a download: then the system ends the connection.
  duration standstill = std::chrono::seconds(60);
  duration shutdown = std::chrono::seconds(30);  // requests under way get so long to finish

  // How much they may ask for.
  std::size_t max_connections = 10'000;      // then the one idle longest is closed; more wait in the backlog
  std::size_t max_requests = 1000;           // on one connection
  std::size_t max_line_bytes = 8 * 1024;     // the request line (else 414), a field (431)
  std::size_t max_head_bytes = 32 * 1024;    // 431
  std::size_t max_fields = 100;              // 431
  std::size_t max_body_bytes = 1024 * 1024;  // that `request::read` gives (413); pieces have no limit

  /// When its client goes away, a handler is cancelled, and so is what makes the body of its reply: from the request's last byte on. While
  /// a request's body comes, it is the reading that fails.
  bool cancel_on_disconnect = false;

  /// Gives each request an id, which every reply to it tells in X-Request-Id, whoever makes that: a handler, the router (404, 405), the
  /// server for a handler that failed (500), or for what is no request (400).
  std::optional<request_id_options> request_ids{};

  std::string name = "hocket";  // the Server field
  /// The time of day for the Date field, by `system_wall_clock` or another; none: no Date, as RFC 9110 has it for servers without a clock.
  std::chrono::sys_seconds (*wall_clock)() = nullptr;
  /// Told of what a handler threw, of failed accepts, and of failed handshakes with the peer's address.
  std::function<void(const std::string&)> on_error{};
  /// Told of each request when its reply was sent, or could not be; of those too that the server itself refuses
  /// (`answered::refused_for`).
  std::function<void(const request&, const answered&)> on_answered{};
};

/// A server of HTTP/1.1 and HTTP/2, plain or over TLS: keep-alive, pipelining, many requests at once on a connection, limits on everything.
///
/// Belongs to one loop. Counterpart: aiohttp.web.
class server {
 public:
  explicit server(handler handler, server_options options = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Serves what `listener` accepts, until cancelled. Then it stops gracefully: the listener and idle connections closed, requests
  /// under way finished (within `shutdown`), and throws `cancelled`.
  [[nodiscard]] coro<void> serve(tcp_listener& listener);

  /// Serves one connection, however it came to be, until one side wants no more. It counts as the others do, and `serve` does
  /// not end without it. Throws `cancelled`, also when `serve` ends it.
  [[nodiscard]] coro<void> serve_connection(byte_stream peer);

  /// Requests answered so far.
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::size_t connections() const noexcept { return *count_; }
  /// The same number as it changes, for other threads too, and for as long as they want it.
  [[nodiscard]] std::shared_ptr<const std::atomic<std::size_t>> connection_count() const noexcept { return count_; }

 private:
  friend class detail::h2_server_connection;
  friend class detail::h2_server_stream;
  friend class detail::server_connection;
  friend class detail::server_exchange;
  struct connection_link {};
  class place;

  coro<void> accept_all(tcp_listener& listener);
  void close_longest_idle() noexcept;
  coro<void> stop();
  coro<void> run(byte_stream peer, place mine);
  void report(const std::string& problem) const {
    if (options_.on_error) options_.on_error(problem);
  }

  handler handler_;
  server_options options_;
  intrusive_list<detail::server_connection, connection_link> connections_;
  std::shared_ptr<std::atomic<std::size_t>> count_ = std::make_shared<std::atomic<std::size_t>>(0);  // of these
  std::uint64_t requests_ = 0;
  detail::date_line date_;
  detail::request_id_giver ids_;
  bool stopping_ = false;
  event room_;    // fewer connections than allowed
  event no_one_;  // no connection
};

}  // namespace hocket::http
