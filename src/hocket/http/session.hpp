#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// A request that could not be made or answered; `what()` says why in one line, without the URL.
/// Broken protocol is `protocol_error`, no answer in time `timeout_error`, the system's refusal `std::system_error`.
class client_error : public error {
 public:
  using error::error;
};

/// `response::raise_for_status`: the server answered 400 or above.
class status_error : public client_error {
 public:
  explicit status_error(int status);
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

/// The session was told not to talk to that address.
class address_refused : public client_error {
 public:
  using client_error::client_error;
};

/// The server closed the connection before its answer was complete, or had begun.
/// Counterpart: aiohttp.ServerDisconnectedError.
class server_disconnected : public protocol_error {
 public:
  using protocol_error::protocol_error;
};

/// More redirects than allowed.
class too_many_redirects : public client_error {
 public:
  using client_error::client_error;
};

/// Redirected from https to http: what was asked for in secret would go on in the open.
class downgrade_refused : public client_error {
 public:
  downgrade_refused(const url& from, const url& to);
};

/// The body is larger than the caller takes.
class body_too_large : public client_error {
 public:
  using client_error::client_error;
};

/// How long a request may take. Counterpart: aiohttp.ClientTimeout.
struct timeouts {
  duration total = std::chrono::minutes(5);     // from the call to the last byte of the body
  duration connect = std::chrono::seconds(30);  // resolving, connecting and TLS's handshake, for each connection made
  duration read = std::chrono::seconds(60);     // between two arrivals of bytes
};

struct session_options {
  std::size_t limit = 100;         // connections in use at once
  std::size_t limit_per_host = 8;  // the same, to one origin
  duration keep_alive = std::chrono::seconds(15);
  duration dns_cache = std::chrono::seconds(10);
  /// Finds the addresses of hosts; the session keeps them for `dns_cache` (0: not at all). Null: the system.
  std::shared_ptr<hocket::resolver> resolver{};
  http::timeouts timeouts{};
  std::string user_agent = "hocket";
  /// For what a request does not set itself. Credentials among them (Authorization, Cookie, Proxy-Authorization) go to every
  /// origin that is asked, and to none that a redirect leads to.
  headers default_headers{};
  /// What secures connections of https: a `tls_context` for clients. Null: one that trusts the system's authorities, made for
  /// the first such connection (reads the system's certificates: some ten milliseconds).
  security tls{};
  /// Follow redirects from https to http as well (else they are `downgrade_refused`).
  bool allow_https_downgrade = false;
  /// Asked before every connection, redirected ones too; false refuses it (`address_refused`).
  std::function<bool(const url& target, const socket_address& address)> allow_address{};
};

struct request_options {
  headers fields{};
  /// Takes the place of the session's total.
  std::optional<duration> timeout{};
  unsigned max_redirects = 10;
};

class session;

namespace detail {
class connection;
class connection_pool;
class exchange;
}  // namespace detail

/// A response whose head has arrived; the body comes as it is read. Owns its connection until the body has ended: read it to
/// the end to let the connection be used again, or drop the response to close it. Must not outlive its session.
class response {
 public:
  response(response&&) noexcept;
  response& operator=(response&&) noexcept;
  ~response();

  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] bool ok() const noexcept { return status() < 400; }
  [[nodiscard]] const http::headers& headers() const noexcept;
  /// Where the response came from, after redirects.
  [[nodiscard]] const hocket::url& url() const noexcept;
  /// How many redirects led here.
  [[nodiscard]] unsigned redirects() const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
  /// Bytes of the body read so far.
  [[nodiscard]] std::uint64_t received() const noexcept;

  /// Throws `status_error` for 400 and above.
  void raise_for_status() const;

  /// The next piece of the body, valid until the next call; empty at its end.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string_view> next();

  /// Reads the rest of the body away, if it is at most 64 KiB and comes within a second, so that the connection can be used
  /// again. Throws only `cancelled`.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> drain();

  /// What is left of the body, as one string. Throws `body_too_large` above `limit_bytes`.
  [[nodiscard]] coro<std::string> read(std::size_t limit_bytes = 64 * 1024 * 1024);
  /// The same; the bytes are not converted. Counterpart: ClientResponse.text.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string> text(std::size_t limit_bytes = 64 * 1024 * 1024) {
    return read(limit_bytes);
  }

 private:
  friend class session;
  explicit response(std::unique_ptr<detail::exchange> exchange) noexcept;
  std::unique_ptr<detail::exchange> exchange_;
};

/// An HTTP/1.1 client: a pool of connections that are kept alive, with limits in all and for each origin.
///
/// Waiting for a free connection is first come, first served. A connection that turns out to be stale before any byte of
/// the response came is replaced once. Redirects are followed (never to another scheme but http and https, nor from https to
/// http unless asked; credentials are dropped across origins). Servers of https are verified; TLS's sessions are resumed.
///
/// Belongs to one loop; must outlive its requests. Counterpart: aiohttp.ClientSession.
class session {
 public:
  /// Throws `hocket::error` if the user agent cannot be the value of a field.
  explicit session(session_options options = {});
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Sends a request and gives the response when its head has arrived. Throws `client_error` and what derives from it,
  /// `protocol_error`, `timeout_error`, `tls_error`, std::system_error, `cancelled`.
  [[nodiscard]] coro<response> request(std::string method, hocket::url target, request_options options = {});

  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> get(hocket::url target, request_options options = {}) {
    return request("GET", std::move(target), std::move(options));
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<response> head(hocket::url target, request_options options = {}) {
    return request("HEAD", std::move(target), std::move(options));
  }
  /// The same for a URL as text; throws `client_error` if it is none.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> get(std::string_view target, request_options options = {});
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER coro<response> head(std::string_view target, request_options options = {});

 private:
  std::unique_ptr<detail::connection_pool> pool_;
};

}  // namespace hocket::http
