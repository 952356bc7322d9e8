#pragma once

#include <hocket/base/error.hpp>
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

/// Redirected with 307 or 308, by which the same body goes to the new place, and it cannot be sent again: a generator has
/// yielded it. Source: RFC 9110, 15.4.8.
class body_not_repeatable : public client_error {
 public:
  using client_error::client_error;
};

/// The body is larger than the caller takes.
class body_too_large : public client_error {
 public:
  using client_error::client_error;
};

/// The body has bytes that mean nothing in its encoding, and was to be read strictly. Counterpart: UnicodeDecodeError.
class text_decoding_error : public client_error {
 public:
  using client_error::client_error;
};

/// The proxy does not lead to the server: it refuses, does not know it, or does not let us in.
/// Counterpart: aiohttp.ClientHttpProxyError.
class proxy_error : public client_error {
 public:
  using client_error::client_error;
};

}  // namespace hocket::http
