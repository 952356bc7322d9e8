#pragma once

#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// How an exchange ended for who reads the answer.
enum class exchange_end : unsigned char {
  whole,         ///< the answer was read to its end
  timed_out,     ///< it did not come in time
  disconnected,  ///< the connection broke, or what came is no HTTP
  left,          ///< the reader wanted no more of it
};

/// Is shown an exchange of a request and its answer as it goes over the wire, before any coding is undone: to archive it.
///
/// A call of the session makes more than one exchange where it follows redirects, answers a challenge, or replaces a stale connection: each
/// begins with `began`. One of which no `answered` was told came to nothing. Called on the loop, in passing; must not use the session.
class exchange_recorder {
 public:
  virtual ~exchange_recorder() = default;

  /// A request is sent: its line and fields, with the empty line; a body is not shown. `peer` is the server, or the proxy in between; the
  /// unspecified address if the connection has no socket. Views are valid during the call, here and below.
  virtual void began(const url& target, const socket_address& peer, std::string_view request_head) = 0;
  /// The next bytes of the answer as they came: its head, those of interim answers (1xx) before it, and the body in its transfer coding.
  virtual void received(std::string_view bytes) = 0;
  /// The answer's head is whole: what follows is its body.
  virtual void answered(int status) = 0;
  /// The next piece of the body without its transfer coding; `received` was told of it before.
  virtual void content(std::string_view piece) = 0;
  /// Nothing more comes.
  virtual void ended(exchange_end how) = 0;

  /// True makes who reads the body wait for `make_room` before more of it is received.
  [[nodiscard]] virtual bool is_full() const noexcept = 0;
  /// Puts away what was shown. Throws only `cancelled`, and then has put away what it could.
  [[nodiscard]] virtual coro<void> make_room() = 0;
};

}  // namespace hocket::http
