#pragma once

#include <system_error>

#include <hocket/http/client/client_error.hpp>

// Why a request has no answer that is its own affair, but one of its connection: it may be sent again.

namespace hocket::http::detail {

/// The peer closed the connection before a byte of the answer had come: nothing tells whether it has seen the request.
class stale_connection : public server_disconnected {
 public:
  stale_connection() : server_disconnected("the server closed the connection without an answer") {}
};

/// The peer has said that it did nothing with the request, of whatever method: over HTTP/2 only. RFC 9113, 8.7
class request_not_processed : public server_disconnected {
 public:
  /// `after_others`: the connection takes no more after those that came before.
  explicit request_not_processed(bool after_others = false)
      : server_disconnected("the server refuses to process the request now"), after_others_(after_others) {}

  /// All get further if it is sent again on another connection; else the server has too much to do, or wants nothing at all.
  [[nodiscard]] bool comes_after_others() const noexcept { return after_others_; }

 private:
  bool after_others_;
};

/// The peer has said that it answers the request over HTTP/1.1 only (HTTP_1_1_REQUIRED). RFC 9113, 7
class http1_required : public server_disconnected {
 public:
  http1_required() : server_disconnected("the server wants HTTP/1.1 for the request") {}
};

/// The peer has ended the connection, in whatever manner. Many servers spare themselves TLS's closure alert.
[[nodiscard]] bool is_end(const std::error_code& code) noexcept;

}  // namespace hocket::http::detail
